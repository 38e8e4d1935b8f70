import type { Queryable } from '../database.js';
import { IS_ADMITTED } from './is-admitted.js';

/** Number of deliveries that one call hastens. A literal in the statement, so that the planner knows how few they are. */
export const HASTEN_LIMIT = 1000;

/**
 * Ends the waits of a webhook's deliveries that earlier answers caused: retries are due now, and parked in their webhook's line, and
 * deliveries that its rate deferred are claimed again. Replays keep the times that they were given. Locked rows are left alone.
 * Returns the number of retries, at most `HASTEN_LIMIT`; as many as that: there may be more.
 */
export async function hastenDeliveries(sql: Queryable, webhookId: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>({
    name: 'hasten_deliveries',
    text: `
      WITH retries AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE webhook_id = $1 AND stage = 'backoff' AND first_attempt_at IS NOT NULL
        LIMIT ${String(HASTEN_LIMIT)} FOR UPDATE SKIP LOCKED
      ), deferred AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE webhook_id = $1 AND ${IS_ADMITTED} AND lease_token IS NULL AND wake_at > now() FOR UPDATE SKIP LOCKED
      ), parked AS (
        UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL, next_attempt_at = least(next_attempt_at, now())
        FROM retries WHERE pending_deliveries.delivery_id = retries.delivery_id
        RETURNING pending_deliveries.delivery_id
      ), woken AS (
        UPDATE pending_deliveries SET wake_at = now()
        FROM deferred WHERE pending_deliveries.delivery_id = deferred.delivery_id
      )
      SELECT count(*)::int AS count FROM parked`,
    values: [webhookId],
  });
  return rows[0]?.count ?? 0;
}
