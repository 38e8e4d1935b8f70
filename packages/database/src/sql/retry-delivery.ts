import type { Queryable } from '../database.js';
import { LONGEST_LEASE_S } from '../lease.js';

/** The result of a retry. */
export interface RetryResult {
  /** State of its webhook: only a delivery of an enabled webhook becomes due. */
  webhook: 'enabled' | 'disabled' | 'removed';
  /** The delivery that is due now and is to be enqueued; null: it did not change. */
  due: { id: string; priority: number } | null;
}

/**
 * Makes one delivery due now. Null when the owner has no delivery with this id. A terminal delivery becomes pending again, as a
 * replay. One that waits for its next attempt becomes due, and a fifo webhook's keeps its slot. One that is due already does
 * not change: it has a slot or waits for one.
 *
 * A cancelled delivery may still have a request in flight. It keeps its lease, so that this attempt is recorded and no second
 * request is made at the same time (I4). The webhook is read without a lock: if it is disabled at this moment, the worker's
 * claim ends the delivery.
 *
 * @param wakeAfterMs time until the reconciler checks whether it was enqueued, in milliseconds
 */
export async function retryDelivery(sql: Queryable, owner: string, id: string, wakeAfterMs: number): Promise<RetryResult | null> {
  const { rows } = await sql.query<{ enabled: boolean | null; id: string | null; priority: number }>({
    name: 'retry_delivery',
    text: `
      WITH found AS MATERIALIZED (
        SELECT id, webhook_id, status <> 'pending' AS ended, lease_token IS NOT NULL AS leased
        FROM deliveries WHERE id = $2 AND owner = $1 FOR UPDATE
      ), webhook AS (
        SELECT enabled FROM webhooks WHERE id = (SELECT webhook_id FROM found)
      ), due AS (
        UPDATE deliveries SET
          status = 'pending', stage = CASE WHEN ended THEN 'backoff' ELSE deliveries.stage END,
          replay = replay OR ended,
          prior_attempts = CASE WHEN ended THEN attempt_count ELSE prior_attempts END,
          priority = CASE WHEN ended THEN 2 ELSE priority END,
          next_attempt_at = now(),
          wake_at = now() + CASE WHEN leased THEN interval '${String(LONGEST_LEASE_S)} s' ELSE make_interval(secs => $3::float8 / 1000) END,
          finished_at = NULL
        FROM found, webhook
        WHERE deliveries.id = found.id AND enabled
          AND (ended OR (NOT leased AND next_attempt_at > now()))
        RETURNING deliveries.id, priority
      )
      SELECT enabled, due.id, priority FROM found LEFT JOIN webhook ON true LEFT JOIN due ON true`,
    values: [owner, id, wakeAfterMs],
  });
  const [row] = rows;
  if (!row) return null;
  return {
    webhook: row.enabled === null ? 'removed' : row.enabled ? 'enabled' : 'disabled',
    due: row.id === null ? null : { id: row.id, priority: row.priority },
  };
}
