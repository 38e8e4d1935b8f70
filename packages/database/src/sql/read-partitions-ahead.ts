import type { Queryable } from '../database.js';

/**
 * Reads for how long the log has partitions from now on, without a gap, in seconds; 0 when it has none for the present time.
 * Partition maintenance keeps at least seven days.
 */
export async function readPartitionsAhead(sql: Queryable): Promise<number> {
  const { rows } = await sql.query<{ ahead: number }>(
    `WITH RECURSIVE covered (until) AS (
       SELECT ends_at FROM partitions WHERE coalesce(starts_at, '-infinity') <= now() AND now() < ends_at
       UNION ALL
       SELECT ends_at FROM covered JOIN partitions ON starts_at = until
     )
     SELECT coalesce(extract(epoch FROM max(until) - now()), 0)::float8 AS ahead FROM covered`,
  );
  return rows[0]?.ahead ?? 0;
}
