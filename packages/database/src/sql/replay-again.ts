import { IS_ADMITTED } from './is-admitted.js';

/**
 * Locks the cancelled deliveries of the webhook `$1` that still have a request under way, before the others are chosen: an SQL
 * fragment. They keep their lease while it is live, and are attempted again when the request has been recorded.
 */
export const UNDER_WAY = `
  under_way AS MATERIALIZED (
    SELECT delivery_id FROM pending_deliveries WHERE webhook_id = $1 AND ${IS_ADMITTED} AND ended ORDER BY delivery_id FOR UPDATE
  )`;

/** Whether the request of a row that is pending already may still be under way. One time for all columns, unlike `clock_timestamp()`. */
const IS_LEASED = '(pending_deliveries.lease_token IS NOT NULL AND pending_deliveries.leased_until > now())';

/**
 * Makes deliveries of the webhook `$1` pending again, as replays: an SQL fragment. The statement before it names them `due`, with
 * the time `at`, and `scheduled` the webhook's row, if it is enabled.
 */
export const REPLAYED = `
  replayed AS (
    INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, attempt_count,
      prior_attempts, replay, next_attempt_at, wake_at)
    SELECT id, $1, generation, event_position, created_at, 'backoff', 2, attempt_count, attempt_count, true, at, at FROM due
    ON CONFLICT (delivery_id) DO UPDATE SET generation = excluded.generation, ended = false, priority = 2, replay = true,
      prior_attempts = pending_deliveries.attempt_count, first_attempt_at = NULL, next_attempt_at = excluded.next_attempt_at,
      again = ${IS_LEASED}, stage = CASE WHEN ${IS_LEASED} THEN pending_deliveries.stage ELSE excluded.stage END,
      wake_at = CASE WHEN ${IS_LEASED} THEN pending_deliveries.wake_at ELSE excluded.wake_at END,
      -- The holder of an expired lease, should it still record, does not end the replay.
      lease_token = CASE WHEN ${IS_LEASED} THEN pending_deliveries.lease_token END,
      leased_until = CASE WHEN ${IS_LEASED} THEN pending_deliveries.leased_until END
  ), unnoticed AS (
    -- No notice counted these deliveries.
    DELETE FROM expiry_notices USING scheduled WHERE webhook_id = $1
  )`;
