import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';
import { markErrors } from './mark-errors.js';

/** A pool or one of its clients: it executes one statement. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** An open database: Prisma and plain SQL on one pool of connections. */
export interface Database {
  /** The Prisma client, for registrations and other rows that change rarely. */
  prisma: PrismaClient;
  /** The pool for the statements in `sql/`, which run for each event and delivery. Prisma uses the same pool. */
  pool: pg.Pool;
  /** Closes every connection. */
  close: () => Promise<void>;
}

/** Where the database is, and the limits of its connections. */
export interface DatabaseOptions {
  url: string;
  /** The purpose of the connections, as `pg_stat_activity` shows it behind `tidings`. Default: none. */
  purpose?: string;
  /** Maximum number of connections; further callers wait. Default 10. */
  maxConnections?: number;
  /** Time after which a caller that waits for a connection gets an error, in milliseconds. Default 2,000. */
  connectTimeoutMs?: number;
  /** Time after which a statement that waits for a lock, such as that of the log, fails, in milliseconds. Default 2,000. */
  lockTimeoutMs?: number;
  /** Time after which PostgreSQL cancels a statement, in milliseconds. Default 10,000. */
  statementTimeoutMs?: number;
  /** Called when an idle connection breaks. The pool replaces it by itself. */
  onError?: (error: Error) => void;
}

/**
 * Statements are prepared once for each connection, so a plan that was made for small tables would stay when the tables have
 * grown. Every statement looks rows up by key, so PostgreSQL may use only nested loops over indexes. All parameters share one
 * plan: otherwise PostgreSQL would plan a statement again for each array length, which takes longer than running it (measured).
 */
const PLANNER =
  '-c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan';

/** Time that a reply may take beyond the statement's own limit, in milliseconds. */
const REPLY_MS = 1000;
/** Time that a transaction may be idle between two statements, in milliseconds. */
const IDLE_MS = 5000;

/** Opens the database lazily: nothing connects until the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, maxConnections = 10, connectTimeoutMs = 2000, lockTimeoutMs = 2000, statementTimeoutMs = 10_000 } = options;
  const { onError = () => undefined } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // PostgreSQL's own limits do not help when its replies no longer arrive: the pool replaces such a connection.
    query_timeout: statementTimeoutMs + REPLY_MS,
    // A process that froze in the middle of a transaction must not hold its locks for long.
    idle_in_transaction_session_timeout: IDLE_MS,
    keepAlive: true,
    application_name: options.purpose === undefined ? 'tidings' : `tidings ${options.purpose}`,
    options: PLANNER,
  });
  pool.on('error', onError);
  markErrors(pool);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
