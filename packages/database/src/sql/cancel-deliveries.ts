import type { Queryable } from '../database.js';

/**
 * Cancels the pending deliveries of a webhook that is removed or disabled, and returns their number. A request in flight may
 * still arrive: its attempt is recorded, and the delivery stays cancelled.
 */
export async function cancelDeliveries(sql: Queryable, webhookId: string): Promise<number> {
  const { rowCount } = await sql.query({
    name: 'cancel_deliveries',
    text: `
      UPDATE deliveries SET status = 'cancelled', finished_at = now(), next_attempt_at = NULL,
        -- A request in flight keeps its slot until it is recorded or its lease expires.
        stage = CASE WHEN lease_token IS NOT NULL THEN stage END, wake_at = CASE WHEN lease_token IS NOT NULL THEN wake_at END
      WHERE id = ANY (ARRAY(
        SELECT id FROM deliveries WHERE status = 'pending' AND id = ANY (ARRAY(
          SELECT id FROM deliveries WHERE webhook_id = $1 AND stage = 'admitted'
          UNION ALL SELECT id FROM deliveries WHERE webhook_id = $1 AND stage = 'backoff'
          UNION ALL SELECT id FROM deliveries WHERE webhook_id = $1 AND stage = 'parked'
        )) ORDER BY id FOR UPDATE
      ))`,
    values: [webhookId],
  });
  return rowCount ?? 0;
}
