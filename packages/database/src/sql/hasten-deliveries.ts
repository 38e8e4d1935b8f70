import type { Queryable } from '../database.js';
import { IS_ADMITTED } from './is-admitted.js';

/** Number of deliveries that one call hastens. A literal in the statement, so that the planner knows how few they are. */
export const HASTEN_LIMIT = 1000;

/**
 * Ends the waits of a webhook's deliveries that earlier answers caused. Retries are due `1 / perSecond` seconds after each other, and
 * after the replays and the retries that were hastened before: however often this is called, so many are sent in a second. Those that
 * are due earlier keep their times, as replays do. Deliveries that the webhook's rate deferred are claimed again. Locked rows are left
 * alone.
 *
 * @param perSecond retries due in a second
 * @returns the number of retries, at most `HASTEN_LIMIT`; as many as that: there may be more
 */
export async function hastenDeliveries(sql: Queryable, webhookId: string, perSecond: number): Promise<number> {
  const { rows } = await sql.query<{ count: number }>({
    name: 'hasten_deliveries',
    text: `
      WITH retries AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE webhook_id = $1 AND stage = 'backoff' AND first_attempt_at IS NOT NULL
          AND next_attempt_at > (SELECT greatest(replay_next_at, now()) FROM webhooks WHERE id = $1)
        LIMIT ${String(HASTEN_LIMIT)} FOR UPDATE SKIP LOCKED
      ), deferred AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE webhook_id = $1 AND ${IS_ADMITTED} AND lease_token IS NULL AND wake_at > now() FOR UPDATE SKIP LOCKED
      ), size AS MATERIALIZED (
        SELECT count(*) AS count, (SELECT count(*) FROM deferred) AS deferred FROM retries
      ), scheduled AS (
        UPDATE webhooks SET replay_next_at = greatest(replay_next_at, now()) + (SELECT count FROM size) * interval '1 s' / $2::float8
        WHERE id = $1 AND enabled AND (SELECT count FROM size) > 0
        RETURNING replay_next_at - (SELECT count FROM size) * interval '1 s' / $2::float8 AS starts_at
      ), due AS MATERIALIZED (
        SELECT delivery_id, starts_at + (row_number() OVER (ORDER BY delivery_id) - 1) * interval '1 s' / $2::float8 AS at
        FROM retries, scheduled
      ), hastened AS (
        UPDATE pending_deliveries SET wake_at = least(wake_at, at), next_attempt_at = least(next_attempt_at, at)
        FROM due WHERE pending_deliveries.delivery_id = due.delivery_id
        RETURNING pending_deliveries.delivery_id
      ), woken AS (
        UPDATE pending_deliveries SET wake_at = now()
        FROM deferred WHERE pending_deliveries.delivery_id = deferred.delivery_id
      )
      SELECT count(*)::int AS count FROM hastened`,
    values: [webhookId, perSecond],
  });
  return rows[0]?.count ?? 0;
}
