import { eventually } from '@tidings/testing';
import type { Database } from '@tidings/database';

/** Holds up whoever wants to write a webhook while the work goes on, whatever comes of it. */
export async function whileWebhooksAreHeld<Result>({ pool }: Database, work: () => Promise<Result>): Promise<Result> {
  const holder = await pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM webhooks FOR NO KEY UPDATE');
  try {
    return await work();
  } finally {
    await holder.query('COMMIT');
    holder.release();
  }
}

/** Waits until so many wait for a lock. */
export async function untilBlocked({ pool }: Database, count: number): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await pool.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (rowCount !== count) throw new Error(`${String(rowCount)} wait for a lock, not ${String(count)}.`);
  });
}
