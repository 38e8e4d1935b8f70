import pg from 'pg';
import type { Cleanup } from '../cleanup.js';
import { nowMs } from '../ledger.js';
import { CONCURRENCY, TIMEOUT_MS, type System } from '../system.js';

/** Workers retry the record of an attempt for `DELIVERY_TIMEOUT_MS`; the last retry may be this much before the end. */
const RETRY_MS = 500;

/**
 * Stops PostgreSQL with SIGQUIT, which is `pg_ctl stop -m immediate`, and starts it with the same data.
 *
 * Workers record their sent requests after the restart if the outage is shorter than the time of their retries: then no
 * duplicate is explained. A longer outage explains duplicates of the requests in flight at its beginning.
 */
export async function restartPostgres(system: System): Promise<void> {
  const { postgres } = system;
  if (!postgres) throw new Error('`restartPostgres` needs a PostgreSQL of the scenario: pass `postgres` to startSystem.');
  const fromMs = nowMs();
  await postgres.stop('SIGQUIT');
  await postgres.start();
  const untilMs = nowMs();
  const isShort = untilMs - fromMs < TIMEOUT_MS - RETRY_MS;
  system.ledger.faults.push({
    name: `PostgreSQL was down for ${String(Math.round(untilMs - fromMs))} ms`,
    fromMs,
    untilMs,
    interrupts: isShort ? 0 : CONCURRENCY * system.processes.workers.length,
    perDelivery: 1,
  });
}

/** Locks a table against writes; reads still work. Returns a function that releases the lock. */
export async function lockTable(
  databaseUrl: string,
  table: 'events' | 'webhooks',
  cleanup: Cleanup,
): Promise<() => Promise<void>> {
  const { holder, release } = await beginHolding(databaseUrl, cleanup);
  await holder.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  return release;
}

/** Locks the rows that a statement selects. Returns a function that releases the lock. Throws when it selects none. */
export async function lockRows(databaseUrl: string, statement: string, cleanup: Cleanup): Promise<() => Promise<void>> {
  const { holder, release } = await beginHolding(databaseUrl, cleanup);
  const { rowCount } = await holder.query(statement);
  if (rowCount === 0) throw new Error(`Nothing to lock: ${statement}`);
  return release;
}

/** Begins a transaction, on a connection of its own, which keeps its locks until it is released. */
async function beginHolding(databaseUrl: string, cleanup: Cleanup): Promise<{ holder: pg.Client; release: () => Promise<void> }> {
  const holder = new pg.Client({ connectionString: databaseUrl });
  holder.on('error', () => undefined);
  await holder.connect();
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (!isHeld) return;
    isHeld = false;
    await holder.end();
  };
  cleanup.add(release);
  await holder.query('BEGIN');
  return { holder, release };
}
