import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

const RETRY_EVERY_MS = 250;
const CONNECT_TIMEOUT_MS = 5000;
/** Errors of a server that is starting, restarting, or not yet known to the network. */
const TEMPORARY = new Set(['57P03', 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH']);

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
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      await pool.query('SELECT');
      return pool;
    } catch (error) {
      if (isTemporary(error) && performance.now() < end) {
        await wait(RETRY_EVERY_MS);
        continue;
      }
      await pool.end();
      throw new Error(`Cannot use PostgreSQL at ${address(connectionString)}: ${reason(error)}`, { cause: error });
    }
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof Error && (TEMPORARY.has(codeOf(error)) || /timeout|terminated/.test(error.message));
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function address(connectionString: string): string {
  const { host, port, database } = new pg.Client({ connectionString });
  return `${host}:${String(port)}, database "${database ?? ''}"`;
}

/** Returns an error's message. The error of a host name with several addresses has no message, but an error for each address. */
function reason(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return first instanceof Error ? first.message : String(first);
}
