import type { Queryable } from '../database.js';

/** The pause of all deliveries. */
export interface DeliveryPause {
  /** Since when all deliveries wait; null: they do not. */
  pausedAt: Date | null;
  /** The operator who paused them. */
  pausedBy: string | null;
}

const COLUMNS = 'paused_at AS "pausedAt", paused_by AS "pausedBy"';

/** Reads whether all deliveries are paused. */
export async function readDeliveryPause(sql: Queryable): Promise<DeliveryPause> {
  const { rows } = await sql.query<DeliveryPause>({
    name: 'read_delivery_pause',
    text: `SELECT ${COLUMNS} FROM delivery_pause WHERE "only"`,
  });
  return rows[0] as DeliveryPause;
}

/**
 * Pauses or resumes all deliveries, and returns the new state. While they are paused, no delivery is claimed: new ones are
 * parked, requests in flight end, and a resume releases the parked ones in their order. Events are accepted and streamed as
 * usual. The audit log records the change, if there is one.
 *
 * @param actor the operator
 */
export async function setDeliveryPause(sql: Queryable, paused: boolean, actor: string): Promise<DeliveryPause> {
  const { rows } = await sql.query<DeliveryPause>({
    name: 'set_delivery_pause',
    text: `
      WITH claims_done AS MATERIALIZED (
        -- Claims share this lock while they decide (lock_webhooks): none that has not seen the pause ends behind it.
        SELECT pg_advisory_xact_lock(lock_class(), 3)
      ), changed AS (
        UPDATE delivery_pause SET paused_at = CASE WHEN $1 THEN now() END, paused_by = CASE WHEN $1 THEN $2::text END
        FROM claims_done WHERE "only" AND (paused_at IS NOT NULL) <> $1::boolean RETURNING delivery_pause.*
      ), audited AS (
        INSERT INTO audit_log (actor, actor_kind, action, details)
        SELECT $2, 'operator', CASE WHEN $1 THEN 'deliveries.paused' ELSE 'deliveries.resumed' END, '{}' FROM changed
      )
      SELECT ${COLUMNS} FROM changed
      UNION ALL SELECT paused_at, paused_by FROM delivery_pause WHERE "only" AND NOT EXISTS (SELECT FROM changed)`,
    values: [paused, actor],
  });
  return rows[0] as DeliveryPause;
}

/** Pauses or resumes the deliveries of one webhook for an operator. Returns false when there is no webhook with this id. */
export async function pauseWebhook(sql: Queryable, id: string, paused: boolean, actor: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'pause_webhook',
    text: `
      WITH actor AS MATERIALIZED (SELECT set_config('tidings.actor', $3, true), set_config('tidings.actor_kind', 'operator', true))
      UPDATE webhooks SET paused_at = CASE WHEN $2 THEN coalesce(paused_at, now()) END FROM actor WHERE id = $1`,
    values: [id, paused, actor],
  });
  return rowCount === 1;
}
