import type { Queryable } from '../database.js';

/** The result of a cancellation. */
export interface CancelResult {
  /** Whether the delivery was pending, and is cancelled now. */
  cancelled: boolean;
  webhookId: string;
}

/**
 * Cancels one pending delivery: no attempt of it begins any more, and the audit log records it. Null when the owner has no
 * delivery with this id. One that has ended, or whose webhook was disabled or deleted since it was accepted, does not change.
 *
 * A request under way cannot be called back. The delivery keeps its lease, which still counts as a request in flight, until
 * that is recorded: it becomes succeeded if the request did, and otherwise stays cancelled.
 */
export async function cancelDelivery(sql: Queryable, owner: string, id: string, actor: string): Promise<CancelResult | null> {
  for (;;) {
    const { rows } = await sql.query<CancelResult & { isPending: boolean }>({
      name: 'cancel_delivery',
      text: `
        WITH found AS MATERIALIZED (
          SELECT delivery, pending, webhook,
            coalesce(NOT (pending).ended AND (pending).generation = (webhook).generation AND (webhook).enabled, false) AS is_pending,
            coalesce((pending).lease_token IS NOT NULL AND (pending).leased_until > clock_timestamp(), false) AS is_under_way
          FROM lock_delivery($2, $1)
        ), kept AS (
          UPDATE pending_deliveries SET ended = true, again = false FROM found
          WHERE pending_deliveries.delivery_id = (pending).delivery_id AND is_pending AND is_under_way
          RETURNING pending_deliveries.delivery_id, pending_deliveries.attempt_count
        ), removed AS (
          DELETE FROM pending_deliveries USING found
          WHERE pending_deliveries.delivery_id = (pending).delivery_id AND is_pending AND NOT is_under_way
          RETURNING pending_deliveries.delivery_id, pending_deliveries.attempt_count
        ), logged AS (
          UPDATE deliveries SET status = 'cancelled', attempt_count = over.attempt_count, finished_at = now()
          FROM (SELECT * FROM kept UNION ALL SELECT * FROM removed) AS over
          WHERE deliveries.id = $2 AND deliveries.id = delivery_id
          RETURNING deliveries.id, deliveries.owner, deliveries.webhook_id
        ), audited AS (
          INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
          SELECT $3, 'owner', 'delivery.cancelled', owner, webhook_id, jsonb_build_object('delivery_id', jsonb_build_object('to', id)) FROM logged
        )
        SELECT is_pending AS "isPending", EXISTS (SELECT FROM logged) AS cancelled, (delivery).webhook_id AS "webhookId" FROM found`,
      values: [owner, id, actor],
    });
    const [row] = rows;
    if (!row) return null;
    // A retry may have begun it again since this statement's snapshot, which lacks the new row: then it is cancelled by the next.
    if (row.cancelled || !row.isPending) return { cancelled: row.cancelled, webhookId: row.webhookId };
  }
}
