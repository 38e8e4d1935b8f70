import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { findFailure, originalMessage, type FailureKind } from '../failure.js';
import { markErrors } from '../mark-errors.js';
import { isSupported, readServer } from '../sql/read-server.js';
import { tooOld, unusableBecauseOf, UnusableDatabaseError } from '../unusable-database.js';

const RETRY_EVERY_MS = 250;
const CONNECT_TIMEOUT_MS = 5000;
/** Failures of a server that is starting, restarting, busy, or not yet known to the network. */
const TEMPORARY: ReadonlySet<FailureKind> = new Set([
  'unreachable',
  'starting_or_stopping',
  'connections_exhausted',
  'pool_exhausted',
]);

/**
 * Opens a pool of exactly one connection, so that a lock of its session guards every statement of the pool. Throws immediately
 * when PostgreSQL refuses the connection, and after `waitMs` when it does not answer. The error contains no password.
 *
 * @param waitMs time to retry while PostgreSQL does not answer, in milliseconds
 */
export async function connect(connectionString: string, waitMs: number): Promise<pg.Pool> {
  const pool = new pg.Pool({
    connectionString,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'tidings migrations',
  });
  // The running statement gets the error as well; without a listener the event would end the process.
  pool.on('error', () => undefined);
  markErrors(pool);
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      const server = await readServer(pool);
      if (!isSupported(server)) throw tooOld(server);
      if (server.readOnly) throw unusableBecauseOf({ code: '25006' });
      return pool;
    } catch (error) {
      if (isTemporary(error) && performance.now() < end) {
        await wait(RETRY_EVERY_MS);
        continue;
      }
      await pool.end();
      throw new Error(`Cannot use PostgreSQL at ${address(connectionString)}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

function isTemporary(error: unknown): boolean {
  const failure = findFailure(error);
  return failure !== null && TEMPORARY.has(failure.kind);
}

function address(connectionString: string): string {
  const { host, port, database } = new pg.Client({ connectionString });
  return `${host}:${String(port)}, database "${database ?? ''}"`;
}

/** Returns what happened, PostgreSQL's own words, and what to do, in one line. */
function reasonOf(error: unknown): string {
  const { kind, message, remedy } = unusableBecauseOf(error);
  const original = error instanceof UnusableDatabaseError ? '' : originalMessage(error);
  if (kind === 'unknown') return original;
  return `${message}${original === '' ? '' : ` (${original})`}. ${remedy}`;
}
