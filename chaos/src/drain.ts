import { setTimeout as wait } from 'node:timers/promises';
import type { LoggedDelivery } from './judge.js';
import { query } from './servers.js';

const POLL_MS = 250;
/** Time after the end of the last delivery in which a late request, which would be a duplicate, can still arrive. */
const LATE_REQUEST_MS = 1000;

/** Waits until no delivery is pending or still to be written, at most `deadlineMs`, and returns the delivery log. */
export async function drain(databaseUrl: string, deadlineMs: number): Promise<Omit<LoggedDelivery, 'outlived'>[]> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end && (await countPending(databaseUrl)) > 0) await wait(POLL_MS);
  await wait(LATE_REQUEST_MS);
  return query<Omit<LoggedDelivery, 'outlived'> & Record<string, unknown>>(
    databaseUrl,
    `SELECT event_id AS event, deliveries.webhook_id AS webhook, status::text AS status,
      coalesce(pending.attempt_count, deliveries.attempt_count) AS attempts,
      (SELECT count(*)::int FROM attempts WHERE attempts.delivery_id = deliveries.id AND error_class = 'timeout') AS timeouts
    FROM deliveries LEFT JOIN pending_deliveries AS pending ON pending.delivery_id = deliveries.id`,
  );
}

async function countPending(databaseUrl: string): Promise<number> {
  const [row] = await query<{ count: string }>(
    databaseUrl,
    `SELECT (SELECT count(*) FROM deliveries WHERE status = 'pending') + (SELECT count(*) FROM expansions) AS count`,
  );
  return Number(row?.count);
}
