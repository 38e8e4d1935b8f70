import type pg from 'pg';

/** Reads the schema in which the sessions of a pool find and create tables. */
export async function readSchemaName(sql: Pick<pg.Pool, 'query'>): Promise<string> {
  const { rows } = await sql.query<{ schema: string }>('SELECT current_schema() AS schema');
  return (rows[0] as { schema: string }).schema;
}
