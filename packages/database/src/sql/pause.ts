import type { Queryable } from '../database.js';

/** Whether anything is delivered. */
export interface DeliveryPause {
  /** Since when everything waits, and who said so; null: nothing does. */
  pausedAt: Date | null;
  pausedBy: string | null;
}

const COLUMNS = 'paused_at AS "pausedAt", paused_by AS "pausedBy"';

/** Whether anything is delivered now. */
export async function readDeliveryPause(sql: Queryable): Promise<DeliveryPause> {
  const { rows } = await sql.query<DeliveryPause>({ name: 'read_delivery_pause', text: `SELECT ${COLUMNS} FROM delivery_pause` });
  return rows[0] as DeliveryPause;
}

/**
 * Has every delivery wait, or go on. From this commit on nothing is claimed: what comes is parked, what is under way ends,
 * and a resume releases it all in its order. Events are accepted and streamed as always. It is told by the audit log,
 * unless it is so already.
 */
export async function setDeliveryPause(sql: Queryable, paused: boolean, actor: string): Promise<DeliveryPause> {
  const { rows } = await sql.query<DeliveryPause>({
    name: 'set_delivery_pause',
    text: `
      WITH changed AS (
        UPDATE delivery_pause SET paused_at = CASE WHEN $1 THEN now() END, paused_by = CASE WHEN $1 THEN $2::text END
        WHERE (paused_at IS NOT NULL) <> $1::boolean RETURNING *
      ), told AS (
        INSERT INTO audit_log (actor, action, details)
        SELECT $2, CASE WHEN $1 THEN 'deliveries.paused' ELSE 'deliveries.resumed' END, '{}' FROM changed
      )
      SELECT ${COLUMNS} FROM changed
      UNION ALL SELECT paused_at, paused_by FROM delivery_pause WHERE NOT EXISTS (SELECT FROM changed)`,
    values: [paused, actor],
  });
  return rows[0] as DeliveryPause;
}

/** The same for one webhook; false when there is none with this id. */
export async function pauseWebhook(sql: Queryable, id: string, paused: boolean, actor: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'pause_webhook',
    text: `
      WITH actor AS MATERIALIZED (SELECT set_config('tidings.actor', $3, true))
      UPDATE webhooks SET paused_at = CASE WHEN $2 THEN coalesce(paused_at, now()) END FROM actor WHERE id = $1`,
    values: [id, paused, actor],
  });
  return rowCount === 1;
}
