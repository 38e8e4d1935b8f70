import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DURATION_BOUNDS_MS, durationClass, percentile } from './activity.js';

const counted = (durations: readonly number[]) => {
  const counts = new Array<number>(DURATION_BOUNDS_MS.length + 1).fill(0);
  for (const duration of durations) counts[durationClass(duration)] = (counts[durationClass(duration)] ?? 0) + 1;
  return counts;
};

test('percentile of no durations is null', () => {
  expect(percentile(counted([]), 0.5)).toBeNull();
});

test.each([
  [[100, 100, 100, 100], 0.5, 87.5],
  [[3, 3, 3, 900], 0.95, 950],
  [[90_000], 0.5, 60_000],
])('percentile of %j at the share %d is %d', (durations, share, expected) => {
  expect(percentile(counted(durations), share)).toBeCloseTo(expected);
});

test('percentile lies in the class of the exact percentile', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const exact = list.toSorted((one, other) => one - other)[Math.ceil(share * list.length - 1e-9) - 1] ?? 0;
      const at = durationClass(exact);
      const estimate = percentile(counted(list), share) ?? NaN;
      expect(estimate).toBeGreaterThanOrEqual(DURATION_BOUNDS_MS[at - 1] ?? 0);
      expect(estimate).toBeLessThanOrEqual(DURATION_BOUNDS_MS[at] ?? Infinity);
    }),
  );
});
