import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRetryAfter } from './retry-after.js';

const NOW = Date.UTC(2026, 10, 24, 10);

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['99999999999999999999', 86_400_000],
    ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
    ['Tuesday, 24-Nov-26 10:00:30 GMT', 30_000],
    ['Tue Nov 24 10:00:30 2026 GMT', 30_000],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['Fri, 24 Nov 2028 10:00:00 GMT', 86_400_000],
  ])('"%s" means %i ms', (header, waitMs) => {
    expect(readRetryAfter(header, NOW)).toBe(waitMs);
  });

  test.each([undefined, '', 'soon', '-1', '1.5', '0x10', '1e3', '2026-11-24T10:00:30Z', 'Tue, 99 Foo 2026', 'Tue, '])(
    '%j is ignored',
    (header) => {
      expect(readRetryAfter(header, NOW)).toBeNull();
    },
  );

  test('is never negative nor longer than a day, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (header) => {
          const waitMs = readRetryAfter(header, NOW) ?? 0;
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(86_400_000);
        },
      ),
    );
  });
});
