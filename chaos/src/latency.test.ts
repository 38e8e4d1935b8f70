import { expect, test } from '@jest/globals';
import { judgeLatency } from './latency.js';

test('a latency is judged by its p99 and by missing events', () => {
  expect(judgeLatency('bob', { p50: 5, p99: 20, count: 10, missing: 0 }, 50)).toEqual([]);
  expect(judgeLatency('bob', { p50: 5, p99: 60, count: 10, missing: 2 }, 50)).toEqual([
    'bob: 2 events had not arrived at the end of the measurement',
    'bob: p99 is 60 ms; it must be under 50 ms',
  ]);
  expect(judgeLatency('bob', { p50: NaN, p99: NaN, count: 0, missing: 0 }, 50)).toHaveLength(2);
});
