import type { Backlog } from '@tidings/database';
import type { QueueCounts } from '@tidings/queue';
import type { BacklogMetrics } from './metrics.js';

interface MeasureBacklogParts {
  readBacklog: () => Promise<Backlog>;
  readJobCounts: () => Promise<QueueCounts[]>;
  metrics: BacklogMetrics;
  /** A monotonic clock, in milliseconds. */
  now: () => number;
}

/** After a read of PostgreSQL, the next one waits for at least this many times the duration of the read. */
const PAUSE_FACTOR = 100;

/**
 * Creates one round of the periodic task that measures the backlog: it sets the gauges of waiting deliveries (PostgreSQL) and
 * of queue jobs (Redis). Every worker measures the same numbers, so reading PostgreSQL takes at most a hundredth of the
 * worker's time, even with a long backlog. Gauges that could not be read are removed, because an old number would look like a
 * current one. A round throws when PostgreSQL or Redis is away.
 */
export function createMeasureBacklog({ readBacklog, readJobCounts, metrics, now }: MeasureBacklogParts) {
  let pauseUntil = Number.NEGATIVE_INFINITY;

  const measureDatabase = async (): Promise<void> => {
    const startedAt = now();
    if (startedAt < pauseUntil) return;
    try {
      metrics.setBacklog(await readBacklog());
    } catch (error) {
      metrics.clearBacklog();
      throw error;
    } finally {
      pauseUntil = now() + PAUSE_FACTOR * (now() - startedAt);
    }
  };

  const measureQueues = async (): Promise<void> => {
    try {
      metrics.setJobs(await readJobCounts());
    } catch (error) {
      metrics.clearJobs();
      throw error;
    }
  };

  return async (): Promise<void> => {
    const results = await Promise.allSettled([measureDatabase(), measureQueues()]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
}
