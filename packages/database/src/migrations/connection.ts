import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { parseDatabaseUrl, type DatabaseAddress } from '../connection/database-url.js';
import { createPool } from '../connection/pool.js';
import { sessionConfig } from '../connection/session-client.js';
import { MIGRATION_SETTINGS, PINNED } from '../connection/session-settings.js';
import type { Pooler } from '../database.js';
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

/** Where PostgreSQL is, and how long to wait for it. */
export interface ConnectOptions {
  /** Time to retry while PostgreSQL does not answer, in milliseconds. */
  waitMs: number;
  /** What is between this process and PostgreSQL. Default: `none`, unless the URL says `pgbouncer=true`. */
  pooler?: Pooler | undefined;
}

/** A connection of the migrations. */
export interface MigrationConnection {
  /** Exactly one connection, so that a lock of its session guards every statement of the pool. */
  pool: pg.Pool;
  /** Whether a transaction pooler is in between: then no lock of a session guards anything. */
  hasPooler: boolean;
}

/**
 * Opens a pool of exactly one connection, and creates the schema of the URL when the database lacks it. Throws immediately
 * when PostgreSQL refuses the connection, and after `waitMs` when it does not answer. The error contains no password.
 */
export async function connect(url: string, { waitMs, pooler = 'none' }: ConnectOptions): Promise<MigrationConnection> {
  const address = inUrl(() => parseDatabaseUrl(url, PINNED));
  const hasPooler = pooler === 'transaction' || address.hasPooler;
  const config = inUrl(() =>
    sessionConfig(
      { max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: 'migrations' },
      { address, settings: MIGRATION_SETTINGS, hasPooler, createsSchema: true },
    ),
  );
  const pool = createPool(config);
  // The running statement gets the error as well; without a listener the event would end the process.
  pool.on('error', () => undefined);
  markErrors(pool);
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      const server = await readServer(pool);
      if (!isSupported(server)) throw tooOld(server);
      if (server.readOnly) throw unusableBecauseOf({ code: '25006' });
      return { pool, hasPooler };
    } catch (error) {
      if (isTemporary(error) && performance.now() < end) {
        await wait(RETRY_EVERY_MS);
        continue;
      }
      await pool.end();
      throw new Error(`Cannot use PostgreSQL at ${placeOf(address)}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

function isTemporary(error: unknown): boolean {
  const failure = findFailure(error);
  return failure !== null && TEMPORARY.has(failure.kind);
}

/** Reads the URL, or the files that it names. The error names the variable that it comes from. */
function inUrl<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new Error(`DATABASE_URL ${(error as Error).message}`, { cause: error });
  }
}

function placeOf({ host = 'localhost', port = 5432, database = '' }: DatabaseAddress): string {
  return `${host}:${String(port)}, database "${database}"`;
}

/** Returns what happened, PostgreSQL's own words, and what to do, in one line. */
function reasonOf(error: unknown): string {
  const { kind, message, remedy } = unusableBecauseOf(error);
  const original = error instanceof UnusableDatabaseError ? '' : originalMessage(error);
  if (kind === 'unknown') return original;
  return `${message}${original === '' ? '' : ` (${original})`}. ${remedy}`;
}
