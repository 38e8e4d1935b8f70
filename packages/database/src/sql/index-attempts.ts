import type pg from 'pg';

const INDEX = 'attempts_hour_webhook_id_idx';
/** Building an index of a large partition takes minutes. */
const TIMEOUT_MS = 1_800_000;

/**
 * Builds the index of attempts by hour in the partitions that lack it, without a lock that writers wait for: an upgrade leaves
 * out large partitions. Returns the names of these partitions. Until all have the index, the statistics lack the open hours.
 */
export async function indexAttempts(pool: Pick<pg.Pool, 'connect'>): Promise<string[]> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
       WHERE inhparent = 'attempts'::regclass AND NOT EXISTS (
         SELECT FROM pg_index JOIN pg_inherits AS attached ON attached.inhrelid = indexrelid
         WHERE indrelid = pg_class.oid AND attached.inhparent = '${INDEX}'::regclass AND indisvalid
       ) ORDER BY relname`,
    );
    for (const { name } of rows) {
      const index = `${name}_hour_webhook_id_idx`;
      const run = (text: string) => client.query({ text, query_timeout: TIMEOUT_MS } as pg.QueryConfig);
      await client.query(`SET statement_timeout = ${String(TIMEOUT_MS)}`);
      // One that an interrupted build left behind is not valid.
      await run(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
      await run(`CREATE INDEX CONCURRENTLY ${index} ON ${name} (hour, webhook_id)`);
      await client.query(`ALTER INDEX ${INDEX} ATTACH PARTITION ${index}`);
      await client.query('RESET statement_timeout');
    }
    return rows.map(({ name }) => name);
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}
