import { eventually } from '@tidings/testing';
import type { Database } from '@tidings/database';

/** Runs `work` while the rows of all webhooks are locked, and returns its result. Writers of a webhook wait until then. */
export async function withWebhooksLocked<Result>({ pool }: Database, work: () => Promise<Result>): Promise<Result> {
  const holder = await pool.connect();
  await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
  await holder.query('SELECT FROM webhooks FOR NO KEY UPDATE');
  try {
    return await work();
  } finally {
    await holder.query('COMMIT');
    holder.release();
  }
}

/** Waits until exactly `count` queries of this database wait for a lock. */
export async function waitForBlockedQueries({ pool }: Database, count: number, deadlineMs = 15_000): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await pool.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (rowCount !== count) throw new Error(`${String(rowCount)} queries wait for a lock, not ${String(count)}.`);
  }, deadlineMs);
}
