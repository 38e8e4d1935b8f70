import type pg from 'pg';
import {
  createSharedPeriodicTask,
  type PeriodicTask,
  type PeriodicTaskOptions,
  type SharedPeriodicTaskOptions,
} from '@tidings/runtime/periodic-task';
import { MIGRATE_COMMAND } from './failure.js';
import { createWarnOfBusy } from './warn-of-busy.js';
import { dropActivity } from './sql/activity.js';
import { buildIndexes } from './sql/build-indexes.js';
import { forgetRegistrations } from './sql/forget-registrations.js';
import { keepPartitions } from './sql/keep-partitions.js';
import { removeAuditEntries } from './sql/remove-audit-entries.js';
import { removeIdempotencyKeys } from './sql/remove-idempotency-keys.js';
import { removeNotices } from './sql/remove-notices.js';
import { removeEndedRevocations } from './sql/revocations.js';
import { dropWebhookHours } from './sql/webhook-hours.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** The operator's charts show the last hour; the other days are for queries on the database. */
const ACTIVITY_DAYS = 7;
/** The hourly counts of webhooks: the longest window of the statistics is 30 days, whatever the log's retention. */
const WEBHOOK_HOURS_DAYS = 35;
/** Until then no hours are counted, and pages of the log read more. */
const INDEX_REMEDY = `Run "${MIGRATE_COMMAND} --build-indexes" as the role that owns the tables, connected to PostgreSQL directly.`;

/** How long what is kept. */
export interface Retention {
  /** Age at which a period of the log is dropped, in days. */
  retentionDays: number;
  /** Age at which an entry of the audit log is removed, in days. */
  auditRetentionDays: number;
}

/**
 * Creates the periodic tasks that keep the database's size: they add and drop partitions of the log, build missing indexes, and
 * remove old rows of the other tables. Every process that accepts events has them, so that the log has a partition for them
 * whichever processes run; one of them runs each task.
 */
export function createMaintenance(
  pool: pg.Pool,
  retention: Retention,
  shared: Pick<SharedPeriodicTaskOptions, 'hold' | 'log' | 'observe'>,
): PeriodicTask {
  const create = (options: Pick<PeriodicTaskOptions, 'name' | 'intervalMs' | 'run'>): PeriodicTask =>
    createSharedPeriodicTask({ ...options, ...shared });
  const warnOfBusy = createWarnOfBusy(shared.log);
  const tasks = [
    create({
      name: 'keep partitions',
      intervalMs: MINUTE_MS,
      run: async () => {
        warnOfBusy((await keepPartitions(pool, retention.retentionDays)).busy);
      },
    }),
    create({
      name: 'build indexes',
      intervalMs: HOUR_MS,
      run: async () => {
        const { left } = await buildIndexes(pool);
        if (left.length === 0) return;
        shared.log.warn('Indexes are missing that this process cannot build.', { indexes: left, remedy: INDEX_REMEDY });
      },
    }),
    create({ name: 'remove old rows', intervalMs: MINUTE_MS, run: (isStopping) => removeOldRows(pool, retention, isStopping) }),
  ];
  return {
    start() {
      for (const task of tasks) task.start();
    },
    async stop() {
      await Promise.all(tasks.map((task) => task.stop()));
    },
  };
}

/** Removes the old rows of the tables that have no partitions. */
async function removeOldRows(
  pool: pg.Pool,
  { retentionDays, auditRetentionDays }: Retention,
  isStopping: () => boolean,
): Promise<void> {
  // A key is kept as long as the events of its time.
  await removeIdempotencyKeys(pool, retentionDays, isStopping);
  await removeNotices(pool, isStopping);
  await forgetRegistrations(pool, isStopping);
  await removeEndedRevocations(pool, isStopping);
  await removeAuditEntries(pool, auditRetentionDays, isStopping);
  await dropActivity(pool, ACTIVITY_DAYS, isStopping);
  await dropWebhookHours(pool, WEBHOOK_HOURS_DAYS, isStopping);
}
