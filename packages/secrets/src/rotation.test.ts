import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PREVIOUS_SECRETS, rotate, stillValid, type PreviousSecret } from './rotation.js';

const previous = fc.array(fc.record({ secret: fc.string(), until: fc.nat(1000) }), { maxLength: MAX_PREVIOUS_SECRETS });
const time = fc.nat(1000);
const overlap = fc.integer({ min: 1, max: 1000 });

describe('a rotation', () => {
  test('keeps the replaced secret for the overlap, and earlier ones until their times', () => {
    fc.assert(
      fc.property(previous, time, overlap, (earlier, now, overlapS) => {
        const next = rotate('old', earlier, { now, overlapS });
        const valid = earlier.filter(({ until }) => until > now);
        if (valid.length === MAX_PREVIOUS_SECRETS) expect(next).toBeNull();
        else expect(next).toEqual([{ secret: 'old', until: now + overlapS }, ...valid]);
      }),
    );
  });

  test('without an overlap ends all earlier secrets', () => {
    fc.assert(
      fc.property(previous, time, (earlier, now) => {
        expect(rotate('old', earlier, { now, overlapS: 0 })).toEqual([]);
      }),
    );
  });
});

test('a rotated secret signs before its time, not at it', () => {
  const one: PreviousSecret = { secret: 'a', until: 10 };
  expect([stillValid([one], 9), stillValid([one], 10)]).toEqual([[one], []]);
});
