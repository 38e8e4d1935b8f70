import { beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Backlog } from '@tidings/database';
import { createMeasureBacklog } from './measure-backlog.js';
import { createBacklogMetrics } from './metrics.js';

const BACKLOG: Backlog = {
  admitted: { count: 7, oldestDueMs: 1500 },
  backoff: { count: 0, oldestDueMs: 0 },
  parked: { count: 0, oldestDueMs: 0 },
  overdueMs: 0,
  webhooks: { enabled: 3, disabled: 0, failing: 1, gone: 0, operator: 0, circuitOpen: 0, backlogged: 0 },
};
const away = () => Promise.reject(new Error('away'));

let registry: Registry;
let now: number;
let reads: number;
let measure: () => Promise<void>;
let parts: Pick<Parameters<typeof createMeasureBacklog>[0], 'readBacklog' | 'readJobCounts'>;
beforeEach(() => {
  registry = new Registry();
  now = 0;
  reads = 0;
  parts = {
    readBacklog: () => {
      reads += 1;
      now += 1000;
      return Promise.resolve(BACKLOG);
    },
    readJobCounts: () =>
      Promise.resolve([{ queue: 'deliveries', counts: { waiting: 4, prioritized: 0, delayed: 0, active: 2, failed: 0 } }]),
  };
  const metrics = createBacklogMetrics(registry);
  measure = createMeasureBacklog({
    readBacklog: () => parts.readBacklog(),
    readJobCounts: () => parts.readJobCounts(),
    metrics,
    now: () => now,
  });
});
const metricLines = async (name: string) => (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));

describe('a round of measuring the backlog', () => {
  test('sets the gauges', async () => {
    await measure();
    expect(await metricLines('tidings_deliveries_pending{stage="admitted"}')).toEqual([
      'tidings_deliveries_pending{stage="admitted"} 7',
    ]);
    expect(await metricLines('tidings_oldest_due_delivery_age_seconds{stage="admitted"}')).toEqual([
      'tidings_oldest_due_delivery_age_seconds{stage="admitted"} 1.5',
    ]);
    expect(await metricLines('tidings_webhooks{state="failing"}')).toEqual(['tidings_webhooks{state="failing"} 1']);
    expect(await metricLines('tidings_queue_jobs{queue="deliveries",state="waiting"}')).toEqual([
      'tidings_queue_jobs{queue="deliveries",state="waiting"} 4',
    ]);
  });

  test('reads PostgreSQL for at most a hundredth of the time, even when a read takes long', async () => {
    await measure();
    now += 99_000;
    await measure();
    expect(reads).toBe(1);
    now += 1000;
    await measure();
    expect(reads).toBe(2);
  });

  test('fails while PostgreSQL is away: removes its gauges, and sets those of Redis', async () => {
    await measure();
    now += 200_000;
    parts.readBacklog = away;
    await expect(measure()).rejects.toThrow('away');
    expect(await metricLines('tidings_deliveries_pending{')).toEqual([]);
    expect(await metricLines('tidings_reconciler_overdue_seconds')).toEqual([]);
    expect(await metricLines('tidings_queue_jobs{')).toHaveLength(5);
  });

  test('fails while Redis is away: removes its gauges, and sets those of PostgreSQL', async () => {
    await measure();
    parts.readJobCounts = away;
    await expect(measure()).rejects.toThrow('away');
    expect(await metricLines('tidings_queue_jobs{')).toEqual([]);
    expect(await metricLines('tidings_deliveries_pending{')).toHaveLength(3);
  });
});
