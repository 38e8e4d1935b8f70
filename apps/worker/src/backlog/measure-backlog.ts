import type { Backlog } from '@tidings/database';
import type { QueueCounts } from '@tidings/queue';
import type { BacklogMetrics } from './metrics.js';

interface MeasureBacklogParts {
  readBacklog: () => Promise<Backlog>;
  readJobCounts: () => Promise<QueueCounts[]>;
  metrics: BacklogMetrics;
  /** Of a monotonic clock, in milliseconds. */
  now: () => number;
}

/** A reading of PostgreSQL is followed by at least so many times its own length without one. */
const REST = 100;

/**
 * One round: shows what waits, in PostgreSQL and in Redis. Every worker does so and shows the same, so a reading takes at most
 * a hundredth of its worker's time, however long the backlog is. What cannot be read is no longer shown: a number that stands
 * still would look like one that is true.
 */
export function createMeasureBacklog({ readBacklog, readJobCounts, metrics, now }: MeasureBacklogParts) {
  let restUntil = Number.NEGATIVE_INFINITY;

  const measureDatabase = async (): Promise<void> => {
    const startedAt = now();
    if (startedAt < restUntil) return;
    try {
      metrics.showBacklog(await readBacklog());
    } catch (error) {
      metrics.hideBacklog();
      throw error;
    } finally {
      restUntil = now() + REST * (now() - startedAt);
    }
  };

  const measureQueues = async (): Promise<void> => {
    try {
      metrics.showJobs(await readJobCounts());
    } catch (error) {
      metrics.hideJobs();
      throw error;
    }
  };

  return async (): Promise<void> => {
    const results = await Promise.allSettled([measureDatabase(), measureQueues()]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
}
