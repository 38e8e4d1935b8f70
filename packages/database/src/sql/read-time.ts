import type { Queryable } from '../database.js';

/** Reads the database's clock, in Unix milliseconds. */
export async function readTime(sql: Queryable): Promise<number> {
  const { rows } = await sql.query<{ now: number }>({
    name: 'read_time',
    text: 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  });
  return (rows[0] as { now: number }).now;
}
