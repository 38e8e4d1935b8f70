import type { Queryable } from '../database.js';

/** Number of pending deliveries that one commit looks at. */
const CHUNK = 2000;

/**
 * Brings retries forward by so long, in milliseconds, after PostgreSQL's clock was set back by it: their times were written by
 * the clock as it was. None becomes due before the present time. Chunk by chunk, each in its own commit, in the order of ids:
 * pass the returned id as `after`; null when all have been looked at. It skips locked rows, which then wait for longer.
 */
export async function bringForward(sql: Queryable, byMs: number, after = ''): Promise<string | null> {
  const { rows } = await sql.query<{ last: string | null }>({
    name: 'bring_forward',
    text: `
      WITH looked_at AS MATERIALIZED (
        SELECT delivery_id, stage, next_attempt_at FROM pending_deliveries WHERE delivery_id > $1 ORDER BY delivery_id LIMIT ${String(CHUNK)}
      ), late AS MATERIALIZED (
        SELECT delivery_id FROM pending_deliveries
        WHERE delivery_id IN (SELECT delivery_id FROM looked_at WHERE stage = 'backoff' AND next_attempt_at > now())
          AND stage = 'backoff' AND next_attempt_at > now()
        FOR UPDATE SKIP LOCKED
      ), brought_forward AS (
        UPDATE pending_deliveries SET
          next_attempt_at = greatest(now(), next_attempt_at - make_interval(secs => $2::float8 / 1000)),
          wake_at = greatest(now(), next_attempt_at - make_interval(secs => $2::float8 / 1000)) + (wake_at - next_attempt_at)
        FROM late WHERE pending_deliveries.delivery_id = late.delivery_id
      )
      SELECT max(delivery_id) AS last FROM looked_at HAVING count(*) = ${String(CHUNK)}`,
    values: [after, byMs],
  });
  return rows[0]?.last ?? null;
}
