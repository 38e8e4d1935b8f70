import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from './generated/client.js';

/** Runs one statement: a pool, or one of its clients. */
export type Queryable = Pick<pg.Pool, 'query'>;

export interface Database {
  /** For what is read and written once per registration. */
  prisma: PrismaClient;
  /** For the statements in `sql/`, which run per event and per delivery. The same pool as Prisma's. */
  pool: pg.Pool;
  close: () => Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** The most connections. Default 10. Beyond it callers wait. */
  maxConnections?: number;
  /** How long a caller waits for a connection before it gets an error, in milliseconds. Default 2,000. */
  connectTimeoutMs?: number;
  /** How long a statement waits for a lock, such as the log's, before it is given up, in milliseconds. Default 2,000. */
  lockTimeoutMs?: number;
  /** How long PostgreSQL may work on one statement, in milliseconds. Default 10,000. */
  statementTimeoutMs?: number;
  /** Told of connections that broke while idle; the pool replaces them by itself. */
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

/** How much longer than a statement may take its answer may, in milliseconds. */
const ANSWER_MS = 1000;
/** Between two statements of one transaction, in milliseconds. */
const IDLE_MS = 5000;

/** Opens the pool lazily: nothing connects until the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, maxConnections = 10, connectTimeoutMs = 2000, lockTimeoutMs = 2000, statementTimeoutMs = 10_000 } = options;
  const { onError = () => undefined } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // PostgreSQL's own time limits are no use when its answers no longer arrive: such a connection is replaced.
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
