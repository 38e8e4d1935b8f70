import type { Queryable } from '../database.js';
import type { AdmittedDelivery } from './release-deliveries.js';

/** Maximum number of deliveries for one call. A literal in the statement, so that the planner knows how few they are. */
export const WAKE_LIMIT = 1000;

/** The result of waking deliveries. */
export interface Woken {
  /** Number of overdue deliveries, at most `WAKE_LIMIT`. */
  count: number;
  /** The deliveries that have a slot: they are to be enqueued. The others are parked. */
  admitted: AdmittedDelivery[];
}

/**
 * Wakes deliveries whose wake time has passed, the longest overdue first, and skips locked ones, so that several reconcilers
 * share the work. A delivery that had a slot keeps it. The others get a slot or are parked, so that no webhook's backlog goes to
 * Redis before another's. An expired lease is withdrawn: its holder can no longer record (I3). A delivery that was cancelled
 * with a request in flight releases its slot.
 *
 * @param againAfterMs time until the reconciler checks the admitted ones again, in milliseconds
 */
export async function wakeDeliveries(sql: Queryable, againAfterMs: number): Promise<Woken> {
  const { rows } = await sql.query<{ id: string; priority: number; stage: string }>({
    name: 'wake_deliveries',
    text: `
      WITH overdue AS MATERIALIZED (
        SELECT id, webhook_id, status, stage, priority, event_position FROM deliveries
        WHERE wake_at <= now()
        ORDER BY wake_at LIMIT ${String(WAKE_LIMIT)} FOR UPDATE SKIP LOCKED
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY webhook_id, stage ORDER BY priority, event_position) AS rank FROM overdue
      ), counted AS (
        -- Counted once for each webhook, in its first row.
        SELECT *, CASE WHEN stage = 'backoff' AND rank = 1 THEN
          free_slots((SELECT webhooks FROM webhooks WHERE webhooks.id = webhook_id)) END AS free
        FROM ranked
      ), staged AS MATERIALIZED (
        SELECT id, CASE WHEN status <> 'pending' THEN NULL WHEN stage = 'admitted' OR rank <= max(free) OVER (PARTITION BY webhook_id, stage)
          THEN 'admitted' ELSE 'parked' END::delivery_stage AS stage
        FROM counted
      )
      UPDATE deliveries SET stage = staged.stage, lease_token = NULL,
        wake_at = CASE WHEN staged.stage = 'admitted' THEN now() + make_interval(secs => $1::float8 / 1000) END
      FROM staged WHERE deliveries.id = staged.id
      RETURNING deliveries.id, priority, deliveries.stage`,
    values: [againAfterMs],
  });
  return {
    count: rows.length,
    admitted: rows.filter(({ stage }) => stage === 'admitted').map(({ id, priority }) => ({ id, priority })),
  };
}
