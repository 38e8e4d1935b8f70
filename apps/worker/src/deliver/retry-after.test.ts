import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readRetryAfter } from './retry-after.js';

test('a hostile header of sixteen thousand digits is read in no time', () => {
  const startedAt = process.cpuUsage();
  for (let round = 0; round < 20; round += 1) expect(readRetryAfter(`${'1'.repeat(16_000)}x`, 0)).toBeNull();
  expect(process.cpuUsage(startedAt).user / 1000).toBeLessThan(500);
});

const NOW = Date.UTC(2026, 10, 24, 10);
/** The local time is another one: a date without a zone is in UTC all the same. */
process.env['TZ'] = 'Asia/Tokyo';

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['1.5', 1500],
    ['0.25', 250],
    ['.0001', 1],
    ['99999999999999999999', 3_600_000],
    ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000],
    ['tue, 24 nov 2026 10:00:30 gmt', 30_000],
    ['Tue, 24 Nov 2026 10:00:60 GMT', 60_000],
    ['Tuesday, 24-Nov-26 10:00:30 GMT', 30_000],
    ['Thursday, 24-Nov-77 10:00:30 GMT', 0],
    ['Wednesday, 24-Nov-76 10:00:30 GMT', 3_600_000],
    ['Tue Nov 24 10:00:30 2026', 30_000],
    ['Tue Nov 24 10:00:30 2026 GMT', 30_000],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['Fri, 24 Nov 2028 10:00:00 GMT', 3_600_000],
  ])('"%s" means %i ms', (header, waitMs) => {
    expect(readRetryAfter(header, NOW)).toBe(waitMs);
  });

  test.each([
    undefined,
    '',
    'soon',
    '-1',
    '5.',
    '.',
    '0x10',
    '1e3',
    '2026-11-24T10:00:30Z',
    'Tue, 99 Foo 2026',
    'Tue, 99 Nov 2026 10:00:30 GMT',
    'Tue, 24 Nov 2026 25:00:30 GMT',
    'Tue, 24 Nov 2026 10:00:30 CET',
    'Tue, ',
  ])('%j is ignored', (header) => {
    expect(readRetryAfter(header, NOW)).toBeNull();
  });

  test('is never negative nor longer than an hour, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (header) => {
          const waitMs = readRetryAfter(header, NOW) ?? 0;
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });
});
