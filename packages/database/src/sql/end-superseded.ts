import type { Queryable } from '../database.js';
import { IS_ADMITTED } from './is-admitted.js';

/** Number of deliveries that were ended, by their new status. */
export interface Ended {
  cancelled: number;
  skipped: number;
}

/** Number of deliveries that one commit ends. */
const CHUNK = 2000;

/**
 * Locks deliveries and ends those whose webhook was disabled, since they were accepted, or deleted: an SQL fragment, whose
 * `candidate` the statement before it names. One with a request under way stays, as `ended`, until that is recorded.
 *
 * Only the generations are compared, not whether the webhook is enabled: it may have been enabled, and a delivery retried, since
 * this statement's snapshot.
 */
const END = `
  over AS MATERIALIZED (
    SELECT pending_deliveries.delivery_id, lease_token IS NOT NULL AND leased_until > clock_timestamp() AS is_under_way, attempt_count,
      coalesce(superseded_status, 'cancelled') AS status
    FROM candidate JOIN pending_deliveries USING (delivery_id) LEFT JOIN webhooks ON webhooks.id = pending_deliveries.webhook_id
    WHERE NOT ended AND (webhooks.id IS NULL OR pending_deliveries.generation < webhooks.generation)
    FOR UPDATE OF pending_deliveries SKIP LOCKED
  ), kept AS (
    UPDATE pending_deliveries SET ended = true, again = false FROM over
    WHERE pending_deliveries.delivery_id = over.delivery_id AND is_under_way
  ), removed AS (
    DELETE FROM pending_deliveries USING over WHERE pending_deliveries.delivery_id = over.delivery_id AND NOT is_under_way
  ), logged AS (
    UPDATE deliveries SET status = over.status, attempt_count = over.attempt_count, finished_at = now()
    FROM over, bounds WHERE deliveries.id = delivery_id AND deliveries.id BETWEEN bounds.lowest AND bounds.highest
  )`;

/** Ends these deliveries in the log, if their webhook was disabled or deleted since they were accepted. */
export async function endSuperseded(sql: Queryable, ids: readonly string[]): Promise<Ended> {
  const { rows } = await sql.query<Ended>({
    name: 'end_superseded',
    text: `
      WITH candidate AS (
        SELECT unnest($1::text[]) COLLATE "C" AS delivery_id
      ), bounds AS (
        SELECT min(delivery_id) AS lowest, max(delivery_id) AS highest FROM candidate
      ), ${END}
      SELECT count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled, count(*) FILTER (WHERE status = 'skipped')::int AS skipped
      FROM over`,
    values: [ids],
  });
  return rows[0] as Ended;
}

/**
 * Ends up to 2,000 deliveries of the webhook that was first disabled or deleted, in one commit; null when there is no such
 * webhook. Many workers may call it at once; it waits for no lock.
 */
export async function endSupersededNext(sql: Queryable): Promise<Ended | null> {
  const { rows } = await sql.query<Ended>({
    name: 'end_superseded_next',
    text: endChunk('ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED'),
  });
  return rows[0] ?? null;
}

/**
 * Ends up to 2,000 deliveries of this webhook, in one commit, after the chunk of a worker that does the same; null when none of
 * them is to be ended.
 */
export async function endSupersededOf(sql: Queryable, webhookId: string): Promise<Ended | null> {
  const { rows } = await sql.query<Ended>({
    name: 'end_superseded_of',
    text: endChunk('WHERE webhook_id = $1 FOR UPDATE'),
    values: [webhookId],
  });
  return rows[0] ?? null;
}

/** Returns the statement that ends a chunk of the webhook that `which` selects from `cancellations` and locks. */
function endChunk(which: string): string {
  return `
      WITH cancellation AS MATERIALIZED (
        SELECT webhook_id, requested_at, (SELECT generation FROM webhooks WHERE id = webhook_id) AS current_generation
        FROM cancellations ${which}
      ), candidate AS MATERIALIZED (
        SELECT delivery_id FROM cancellation CROSS JOIN LATERAL (
          (SELECT delivery_id FROM pending_deliveries
            WHERE webhook_id = cancellation.webhook_id AND stage = 'parked' AND generation < coalesce(current_generation, 2147483647)
            ORDER BY generation, priority, event_position LIMIT ${String(CHUNK)})
          UNION ALL
          (SELECT delivery_id FROM pending_deliveries
            WHERE webhook_id = cancellation.webhook_id AND stage = 'backoff' AND generation < coalesce(current_generation, 2147483647)
            LIMIT ${String(CHUNK)})
          UNION ALL
          (SELECT delivery_id FROM pending_deliveries
            WHERE webhook_id = cancellation.webhook_id AND ${IS_ADMITTED} AND generation < coalesce(current_generation, 2147483647)
              AND NOT ended LIMIT ${String(CHUNK)})
        ) AS earlier LIMIT ${String(CHUNK)}
      ), bounds AS (
        SELECT min(delivery_id) AS lowest, max(delivery_id) AS highest FROM candidate
      ), ${END}, done AS (
        DELETE FROM cancellations USING cancellation
        WHERE cancellations.webhook_id = cancellation.webhook_id AND cancellations.requested_at = cancellation.requested_at
          AND NOT EXISTS (SELECT FROM candidate)
      ), postponed AS (
        -- Others have locked its deliveries: meanwhile the next webhook.
        UPDATE cancellations SET requested_at = clock_timestamp() FROM cancellation
        WHERE cancellations.webhook_id = cancellation.webhook_id AND EXISTS (SELECT FROM candidate) AND NOT EXISTS (SELECT FROM over)
      )
      SELECT (SELECT count(*)::int FROM over WHERE status = 'cancelled') AS cancelled,
        (SELECT count(*)::int FROM over WHERE status = 'skipped') AS skipped
      FROM cancellation`;
}
