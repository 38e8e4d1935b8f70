import type { Queryable } from '../database.js';
import type { AdmittedDelivery } from './admit-next.js';
import { IS_ADMITTED } from './is-admitted.js';

/** Maximum number of deliveries for one call. A literal in the statement, so that the planner knows how few they are. */
export const WAKE_LIMIT = 1000;

/** No admitted delivery waits longer for its wake time, in seconds. */
const LONGEST_WAKE_S = 300;

/** The result of waking deliveries. */
export interface Woken {
  /** Number of overdue deliveries, at most `WAKE_LIMIT`. */
  count: number;
  /** The deliveries that have a slot: they are to be enqueued. The others are parked. */
  admitted: AdmittedDelivery[];
}

/** Times of a wake. */
export interface WakeOptions {
  /** Time until the reconciler checks the admitted ones again, in milliseconds. */
  againAfterMs: number;
  /**
   * Looks only at wake times from then on, in Unix milliseconds of the database's clock; default: at all. A vacuum that is held
   * back, by a long backup for example, leaves index entries of earlier ones that every look would read.
   */
  since?: number | undefined;
}

/**
 * Wakes deliveries whose wake time has passed and that nobody has a lease of, the longest overdue first, and skips locked ones,
 * so that several reconcilers share the work. A delivery that had a slot keeps it. The others get a slot or are parked, so that
 * no webhook's backlog goes to Redis before another's. An expired lease is withdrawn: its holder can no longer record (I3). A
 * delivery that was cancelled with a request in flight is forgotten.
 *
 * A look at all wake times also brings forward those of admitted deliveries, and the ends of leases, that lie later than any can:
 * they were written while PostgreSQL's clock was ahead.
 */
export async function wakeDeliveries(sql: Queryable, { againAfterMs, since }: WakeOptions): Promise<Woken> {
  const { rows } = await sql.query<{ id: string; priority: number; stage: string | null }>({
    name: 'wake_deliveries',
    text: `
      WITH too_late AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE $2::float8 IS NULL AND ${IS_ADMITTED}
          AND (wake_at > now() + interval '${String(LONGEST_WAKE_S)} s' OR leased_until > now() + longest_lease())
        LIMIT ${String(WAKE_LIMIT)} FOR UPDATE SKIP LOCKED
      ), brought_forward AS (
        UPDATE pending_deliveries SET leased_until = CASE WHEN leased_until IS NOT NULL THEN least(leased_until, now() + longest_lease()) END,
          wake_at = CASE WHEN wake_at > now() + interval '${String(LONGEST_WAKE_S)} s' THEN now() + make_interval(secs => $1::float8 / 1000)
            ELSE wake_at END
        FROM too_late WHERE pending_deliveries.delivery_id = too_late.delivery_id
      ), overdue AS MATERIALIZED (
        SELECT delivery_id, webhook_id, stage, priority, event_position, ended FROM pending_deliveries
        WHERE wake_at <= now() AND wake_at >= coalesce(to_timestamp($2::float8 / 1000), '-infinity')
          AND (lease_token IS NULL OR leased_until <= now())
        ORDER BY wake_at LIMIT ${String(WAKE_LIMIT)} FOR UPDATE SKIP LOCKED
      ), removed AS (
        DELETE FROM pending_deliveries USING overdue WHERE pending_deliveries.delivery_id = overdue.delivery_id AND overdue.ended
        RETURNING overdue.delivery_id, overdue.priority
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY webhook_id, stage ORDER BY priority, event_position) AS rank FROM overdue WHERE NOT ended
      ), counted AS (
        -- Counted once for each webhook, in its first row. A deleted webhook's is admitted, so that a claim finds it superseded.
        SELECT *, CASE WHEN stage = 'backoff' AND rank = 1 THEN coalesce(
          (SELECT free_slots(webhooks) FROM webhooks WHERE webhooks.id = webhook_id), 1) END AS free
        FROM ranked
      ), staged AS MATERIALIZED (
        SELECT delivery_id, CASE WHEN stage = 'admitted' OR rank <= max(free) OVER (PARTITION BY webhook_id, stage)
          THEN 'admitted' ELSE 'parked' END::delivery_stage AS stage
        FROM counted
      ), woken AS (
        UPDATE pending_deliveries SET stage = staged.stage, lease_token = NULL, leased_until = NULL, again = false,
          wake_at = CASE WHEN staged.stage = 'admitted' THEN now() + make_interval(secs => $1::float8 / 1000) END
        FROM staged WHERE pending_deliveries.delivery_id = staged.delivery_id
        RETURNING pending_deliveries.delivery_id AS id, priority, pending_deliveries.stage
      )
      SELECT id, priority, stage FROM woken UNION ALL SELECT delivery_id, priority, NULL FROM removed`,
    values: [againAfterMs, since ?? null],
  });
  return {
    count: rows.length,
    admitted: rows.filter(({ stage }) => stage === 'admitted').map(({ id, priority }) => ({ id, priority })),
  };
}
