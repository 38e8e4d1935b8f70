/**
 * Writes the rows of new deliveries, in the log and among the pending ones: an SQL fragment. The statement before it names them
 * `delivery`, with the columns `delivery_id`, `event_id`, `event_position`, `event_type`, `event_version`, `accepted_at`, `webhook`, and `is_pending`:
 * that of a webhook which Tidings disabled is skipped.
 *
 * @param stage an SQL expression: the stage of a pending one
 * @param wakeAt an SQL expression: its wake time
 */
export const writeDeliveries = ({ stage, wakeAt }: { stage: string; wakeAt: string }): string => `
  logged AS (
    INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, event_version, status, created_at, finished_at)
    SELECT delivery_id, event_id, event_position, (webhook).id, (webhook).owner, event_type, event_version,
      CASE WHEN is_pending THEN 'pending' ELSE 'skipped' END::delivery_status, accepted_at, CASE WHEN NOT is_pending THEN now() END
    FROM delivery
  ), pending AS (
    INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at, wake_at)
    SELECT delivery_id, (webhook).id, (webhook).generation, event_position, accepted_at, ${stage}, now(), ${wakeAt}
    FROM delivery WHERE is_pending
  )`;
