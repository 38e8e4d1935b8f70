import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';

/** A pool or one of its clients: it executes one statement. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** An open database: Prisma and plain SQL on one pool of connections. */
export interface Database {
  /** The Prisma client, for registrations and other rows that change rarely. */
  prisma: PrismaClient;
  /** The pool for the statements in `sql/`, which run for each event and delivery. Prisma uses the same pool. */
  pool: pg.Pool;
  close: () => Promise<void>;
}

/** Where the database is, and the limits of its connections. */
export interface DatabaseOptions {
  url: string;
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
 * Statements are prepared once for each connection, and a plan that was made while the tables were small would stay when
 * they have grown. Every one of them looks rows up by their keys: so nested loops over indexes, whatever the size. And one plan
 * for all parameters: PostgreSQL would make a new one each time, as an array's length lets it hope for a cheaper one, and
 * takes longer to plan such a statement than to run it (measured).
 */
const PLANNER =
  '-c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan';

/** Time that an answer may take beyond the statement's own limit, in milliseconds. */
const ANSWER_MS = 1000;
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
    // PostgreSQL's own limits do not help when its answers no longer arrive: the pool replaces such a connection.
    query_timeout: statementTimeoutMs + ANSWER_MS,
    // A process that froze in the middle of a transaction must not hold its locks for long.
    idle_in_transaction_session_timeout: IDLE_MS,
    keepAlive: true,
    application_name: 'tidings',
    options: PLANNER,
  });
  pool.on('error', onError);
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
