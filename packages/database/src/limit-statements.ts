import type pg from 'pg';
import { createPrisma, type Database } from './database.js';
import { withTimeout } from './sql/with-timeout.js';

/**
 * Returns a view of the database whose statements have a time limit of their own, on the same connections: for reads on a pool
 * that also writes. Each statement takes two more round trips. Transactions keep the limit of the database.
 *
 * @param timeoutMs the time after which PostgreSQL cancels a statement, in milliseconds
 */
export function limitStatements({ pool }: Pick<Database, 'pool'>, timeoutMs: number): Pick<Database, 'pool' | 'prisma'> {
  const query = (statement: pg.QueryConfig | string, values?: unknown[]): Promise<pg.QueryResult> => {
    const config = typeof statement === 'string' ? { text: statement } : statement;
    return withTimeout(pool, timeoutMs, (run) => run(values === undefined ? config : { ...config, values }));
  };
  // An object with the pool as its prototype, because Prisma's adapter asks whether it gets a pool.
  const limited = Object.assign(Object.create(pool) as pg.Pool, { query });
  return { pool: limited, prisma: createPrisma(limited) };
}
