import { expect, test } from '@jest/globals';
import { toErrors, toMinutes } from './minutes.js';

const NOW = new Date('2026-11-25T12:00:30Z');
const row = (minute: string, outcome: string, attempts: number, bucket = 2) => {
  const durations = new Array<number>(26).fill(0);
  durations[bucket] = attempts;
  return { minute: new Date(minute), outcome, attempts, durations };
};

test('toMinutes lists every minute, oldest first, with or without attempts', () => {
  const minutes = toMinutes([row('2026-11-25T11:59:00Z', 'succeeded', 3), row('2026-11-25T11:59:00Z', 'dns', 1, 4)], 3, NOW);
  expect(minutes).toEqual([
    { at: new Date('2026-11-25T11:58:00Z'), succeeded: 0, failed: 0, p50_ms: null, p95_ms: null },
    { at: new Date('2026-11-25T11:59:00Z'), succeeded: 3, failed: 1, p50_ms: 4, p95_ms: 18 },
    { at: new Date('2026-11-25T12:00:00Z'), succeeded: 0, failed: 0, p50_ms: null, p95_ms: null },
  ]);
});

test('toErrors adds up the errors of all minutes, most frequent first', () => {
  const rows = [
    row('2026-11-25T11:59:00Z', 'dns', 2),
    row('2026-11-25T12:00:00Z', 'timeout', 3),
    row('2026-11-25T12:00:00Z', 'dns', 4),
  ];
  expect(toErrors([...rows, row('2026-11-25T12:00:00Z', 'succeeded', 9)])).toEqual([
    { error_class: 'dns', count: 6 },
    { error_class: 'timeout', count: 3 },
  ]);
});
