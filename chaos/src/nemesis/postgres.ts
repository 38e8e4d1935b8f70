import pg from 'pg';
import type { Cleanup } from '../cleanup.js';
import { nowMs } from '../ledger.js';
import { CONCURRENCY, TIMEOUT_MS, type System } from '../system.js';

/** Workers keep trying to record for `DELIVERY_TIMEOUT_MS`; the last try may come this much before its end. */
const RETRY_MS = 500;

/**
 * Ends PostgreSQL with SIGQUIT, which is `pg_ctl stop -m immediate`, and starts it on the same data.
 *
 * What was sent and not recorded is recorded when it is back, if that is within the time for which workers keep trying:
 * then nothing may come twice. After a longer outage, what was under way when it began may.
 */
export async function restartPostgres(system: System): Promise<void> {
  const { postgres } = system;
  if (!postgres) throw new Error('This scenario has no PostgreSQL of its own.');
  const fromMs = nowMs();
  await postgres.stop('SIGQUIT');
  await postgres.start();
  const untilMs = nowMs();
  const isShort = untilMs - fromMs < TIMEOUT_MS - RETRY_MS;
  system.ledger.faults.push({
    name: `PostgreSQL was away for ${String(Math.round(untilMs - fromMs))} ms`,
    fromMs,
    untilMs,
    interrupts: isShort ? 0 : CONCURRENCY * system.processes.workers.length,
    perDelivery: 1,
  });
}

/** Keeps everybody from writing to a table, until the function that it returns is called. Reading goes on. */
export async function holdTable(
  databaseUrl: string,
  table: 'events' | 'webhooks',
  cleanup: Cleanup,
): Promise<() => Promise<void>> {
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
  await holder.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
  return release;
}
