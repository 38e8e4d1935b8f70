import type { Queryable } from '../database.js';

/** The result of a retry. */
export interface RetryResult {
  /** State of its webhook: only a delivery of an enabled webhook becomes due. */
  webhook: 'enabled' | 'disabled' | 'removed';
  /** The delivery that is due now and is to be enqueued; null: it did not change, or waits for the request under way. */
  due: { id: string; priority: number } | null;
}

/**
 * Makes one delivery due now. Null when the owner has no delivery with this id. A terminal delivery becomes pending again, as a
 * replay; so does one of an earlier generation of its webhook, which is about to be ended. One that waits for its next attempt
 * becomes due. One that is due already does not change: it has a slot or waits for one.
 *
 * A cancelled delivery may still have a request under way. No second request is made at the same time (I4): the delivery keeps
 * its lease, and is attempted again when the request under way has been recorded, whatever the response. The webhook is read
 * without a lock: if it is disabled at this moment, the worker's claim finds the delivery superseded. Only that of a paused one is
 * locked, behind the delivery as everywhere, to withdraw the notice that its deliveries expire: it did not count this one.
 *
 * @param wakeAfterMs time until the reconciler checks whether it was enqueued, in milliseconds
 */
export async function retryDelivery(sql: Queryable, owner: string, id: string, wakeAfterMs: number): Promise<RetryResult | null> {
  const { rows } = await sql.query<{ webhook: RetryResult['webhook']; id: string | null; priority: number }>({
    name: 'retry_delivery',
    text: `
      WITH found AS MATERIALIZED (
        SELECT delivery, pending, webhook,
          (pending).delivery_id IS NULL OR (pending).ended OR (pending).generation <> (webhook).generation AS is_over,
          coalesce((pending).lease_token IS NOT NULL AND (pending).leased_until > clock_timestamp(), false) AS is_under_way
        FROM lock_delivery($2, $1)
      ), begun_again AS (
        INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, attempt_count,
          prior_attempts, replay, next_attempt_at, wake_at)
        SELECT (delivery).id, (webhook).id, (webhook).generation, (delivery).event_position, (delivery).created_at, 'backoff', 2,
          (delivery).attempt_count, (delivery).attempt_count, true, now(), now() + make_interval(secs => $3::float8 / 1000)
        FROM found WHERE (webhook).enabled AND (pending).delivery_id IS NULL
        RETURNING delivery_id, priority
      ), again AS (
        UPDATE pending_deliveries SET generation = (webhook).generation, ended = false, again = is_under_way, priority = 2, replay = true,
          stage = CASE WHEN is_under_way THEN pending_deliveries.stage ELSE 'backoff' END,
          -- The holder of an expired lease, should it still record, does not end the retry.
          lease_token = CASE WHEN is_under_way THEN pending_deliveries.lease_token END,
          leased_until = CASE WHEN is_under_way THEN pending_deliveries.leased_until END,
          prior_attempts = pending_deliveries.attempt_count, first_attempt_at = NULL, next_attempt_at = now(),
          wake_at = CASE WHEN is_under_way THEN pending_deliveries.wake_at ELSE now() + make_interval(secs => $3::float8 / 1000) END
        FROM found WHERE pending_deliveries.delivery_id = (pending).delivery_id AND (webhook).enabled AND is_over
        RETURNING pending_deliveries.delivery_id, priority, is_under_way
      ), hastened AS (
        UPDATE pending_deliveries SET next_attempt_at = now(),
          wake_at = CASE WHEN pending_deliveries.stage <> 'parked' THEN now() + make_interval(secs => $3::float8 / 1000) END
        FROM found
        WHERE pending_deliveries.delivery_id = (pending).delivery_id AND (webhook).enabled AND NOT is_over AND NOT is_under_way
          AND pending_deliveries.next_attempt_at > now()
        RETURNING pending_deliveries.delivery_id, priority
      ), unnoticed AS (
        -- No notice counted this delivery: it gets one, as after a replay.
        UPDATE webhooks SET replay_next_at = greatest(replay_next_at, now()) + interval '1 us' FROM found
        WHERE webhooks.id = (webhook).id AND (webhook).enabled AND is_over
          AND EXISTS (SELECT FROM expiry_notices WHERE webhook_id = (webhook).id)
        RETURNING webhooks.id
      ), noticed_again AS (
        DELETE FROM expiry_notices USING unnoticed WHERE webhook_id = unnoticed.id
      ), logged AS (
        UPDATE deliveries SET status = 'pending', replay = true, finished_at = NULL
        FROM found WHERE deliveries.id = $2 AND (webhook).enabled AND is_over
      )
      SELECT CASE WHEN (webhook).id IS NULL THEN 'removed' WHEN (webhook).enabled THEN 'enabled' ELSE 'disabled' END AS webhook,
        due.delivery_id AS id, due.priority
      FROM found LEFT JOIN (
        SELECT delivery_id, priority FROM begun_again UNION ALL SELECT delivery_id, priority FROM again WHERE NOT is_under_way
        UNION ALL SELECT delivery_id, priority FROM hastened
      ) AS due ON true`,
    values: [owner, id, wakeAfterMs],
  });
  const [row] = rows;
  if (!row) return null;
  return { webhook: row.webhook, due: row.id === null ? null : { id: row.id, priority: row.priority } };
}
