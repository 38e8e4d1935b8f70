import type { Queryable } from '../database.js';

/** A delivery that nobody seems to be working on. */
export interface WokenDelivery {
  id: string;
  /** Attempts that were made before. */
  attemptCount: number;
}

/**
 * Takes up to `limit` deliveries whose wake time has passed, the longest overdue first, and puts their wake time off,
 * so that several reconcilers share the work. An expired lease is withdrawn: its holder can no longer record (I3).
 * The array makes the planner look rows up by their keys: with a long backlog, IN reads the whole table for every batch.
 *
 * @param againAfterMs when to look again at what is enqueued now, in milliseconds
 */
export async function wakeDeliveries(sql: Queryable, limit: number, againAfterMs: number): Promise<WokenDelivery[]> {
  const { rows } = await sql.query<{ id: string; attempt_count: number }>({
    name: 'wake_deliveries',
    text: `
      UPDATE deliveries SET wake_at = now() + make_interval(secs => $2::float8 / 1000), lease_token = NULL
      WHERE id = ANY (ARRAY(
        SELECT id FROM deliveries WHERE wake_at <= now() AND status = 'pending'
        ORDER BY wake_at LIMIT $1 FOR UPDATE SKIP LOCKED
      ))
      RETURNING id, attempt_count`,
    values: [limit, againAfterMs],
  });
  return rows.map(({ id, attempt_count: attemptCount }) => ({ id, attemptCount }));
}
