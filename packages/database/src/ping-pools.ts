import type { Queryable } from './database.js';

/**
 * Resolves when PostgreSQL answers through one of the pools. A pool without a free connection does not make PostgreSQL
 * unavailable: the process still does the work of the other pools. Rejects when no pool gets an answer.
 */
export async function pingPools(pools: Readonly<Record<string, Queryable>>): Promise<void> {
  await Promise.any(Object.values(pools).map((pool) => pool.query('SELECT 1')));
}
