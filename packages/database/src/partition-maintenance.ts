import type pg from 'pg';
import { createPeriodicTask, type PeriodicTask, type PeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { dropActivity } from './sql/activity.js';
import { keepPartitions } from './sql/keep-partitions.js';

const INTERVAL_MS = 3_600_000;
/** The operator's charts look at the last hour; some days more for who asks the database. */
const ACTIVITY_DAYS = 7;

/**
 * Keeps the partitions of the log, once an hour. Whoever accepts events has this task, so that the log has room for them
 * whichever processes run.
 */
export function createPartitionMaintenance(
  pool: pg.Pool,
  retentionDays: number,
  { log, observe }: Pick<PeriodicTaskOptions, 'log' | 'observe'>,
): PeriodicTask {
  return createPeriodicTask({
    name: 'keep partitions',
    intervalMs: INTERVAL_MS,
    run: async () => {
      await keepPartitions(pool, retentionDays);
      await dropActivity(pool, ACTIVITY_DAYS);
    },
    log,
    observe,
  });
}
