import type pg from 'pg';
import { createDuty, type Duty, type DutyOptions } from '@tidings/duty';
import { keepPartitions } from './sql/keep-partitions.js';

const INTERVAL_MS = 3_600_000;

/**
 * Keeps the partitions of the log, once an hour. Whoever accepts events has this duty, so that the log has room for them
 * whichever processes run.
 */
export function createPartitionDuty(
  pool: pg.Pool,
  retentionDays: number,
  { log, observe }: Pick<DutyOptions, 'log' | 'observe'>,
): Duty {
  return createDuty({
    name: 'keep partitions',
    intervalMs: INTERVAL_MS,
    run: async () => {
      await keepPartitions(pool, retentionDays);
    },
    log,
    observe,
  });
}
