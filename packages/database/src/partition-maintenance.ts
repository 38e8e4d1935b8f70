import type pg from 'pg';
import { createSharedPeriodicTask, type PeriodicTask, type SharedPeriodicTaskOptions } from '@tidings/runtime/periodic-task';
import { dropActivity } from './sql/activity.js';
import { buildIndexes } from './sql/build-indexes.js';
import { MIGRATE_COMMAND } from './failure.js';
import { keepPartitions } from './sql/keep-partitions.js';
import { dropWebhookHours } from './sql/webhook-hours.js';

const INTERVAL_MS = 3_600_000;
/** The operator's charts show the last hour; the other days are for queries on the database. */
const ACTIVITY_DAYS = 7;
/** The hourly counts of webhooks: the longest window of the statistics is 30 days, whatever the log's retention. */
const WEBHOOK_HOURS_DAYS = 35;
/** Until then no hours are counted, and pages of the log read more. */
const INDEX_REMEDY = `Run "${MIGRATE_COMMAND} --build-indexes" as the role that owns the tables, connected to PostgreSQL directly.`;

/**
 * Creates the periodic task that adds and drops partitions of the log, drops old activity and counts, and builds missing indexes, once an
 * hour. Every process
 * that accepts events has this task, so that the log has a partition for them whichever processes run; one of them runs it.
 *
 * @param retentionDays age at which a period of the log is dropped, in days
 */
export function createPartitionMaintenance(
  pool: pg.Pool,
  retentionDays: number,
  { hold, log, observe }: Pick<SharedPeriodicTaskOptions, 'hold' | 'log' | 'observe'>,
): PeriodicTask {
  return createSharedPeriodicTask({
    name: 'keep partitions',
    intervalMs: INTERVAL_MS,
    run: async () => {
      await keepPartitions(pool, retentionDays);
      // First what others wait for: without their index no hours are counted.
      const { left } = await buildIndexes(pool);
      if (left.length > 0)
        log.warn('Indexes are missing that this process cannot build.', { indexes: left, remedy: INDEX_REMEDY });
      await dropActivity(pool, ACTIVITY_DAYS);
      await dropWebhookHours(pool, WEBHOOK_HOURS_DAYS);
    },
    hold,
    log,
    observe,
  });
}
