import type pg from 'pg';

/** Time that a reply may take beyond the statement's own limit, in milliseconds. */
export const REPLY_MS = 1000;

/** Executes one statement. */
export type Run = <Row extends pg.QueryResultRow>(statement: pg.QueryConfig) => Promise<pg.QueryResult<Row>>;

/**
 * Runs statements on one connection of a pool, each with a time limit of its own instead of the pool's: for those that may
 * take minutes, and for reads, which may take a second.
 *
 * @param timeoutMs the limit of each statement, in milliseconds
 */
export async function withTimeout<T>(
  pool: Pick<pg.Pool, 'connect'>,
  timeoutMs: number,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query(`SET statement_timeout = ${String(timeoutMs)}`);
    const result = await work((statement) =>
      client.query({ ...statement, query_timeout: timeoutMs + REPLY_MS } as pg.QueryConfig),
    );
    await client.query('RESET statement_timeout');
    return result;
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}
