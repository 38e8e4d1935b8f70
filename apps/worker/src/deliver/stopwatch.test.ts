import { expect, test } from '@jest/globals';
import { startStopwatch } from './stopwatch.js';

test.each([
  ['both clocks go on', 1500, 1500, 1500],
  ['the machine sleeps, and its monotonic clock stands still', 10, 60_000, 60_000],
  ['the clock of the machine is set back', 1500, -3_600_000, 1500],
])('a stopwatch shows the time that has passed at least when %s', (_case, monotonicMs, wallMs, expected) => {
  const clocks = { monotonicMs: 100, wallMs: 1_795_000_000_000 };
  const read = startStopwatch({ monotonic: () => clocks.monotonicMs, wall: () => clocks.wallMs });
  clocks.monotonicMs += monotonicMs;
  clocks.wallMs += wallMs;
  expect(read()).toBe(expected);
});

test('a stopwatch reads the clocks of the process by default', () => {
  expect(startStopwatch()()).toBeGreaterThanOrEqual(0);
});
