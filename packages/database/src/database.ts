import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { parseDatabaseUrl } from './connection/database-url.js';
import { createPool } from './connection/pool.js';
import { sessionConfig } from './connection/session-client.js';
import { PINNED, STATEMENT_SETTINGS } from './connection/session-settings.js';
import { PrismaClient } from './generated/client.js';
import { markErrors } from './mark-errors.js';
import { readSchemaName } from './sql/read-schema-name.js';
import { REPLY_MS } from './sql/with-timeout.js';

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

/** What is between a process and PostgreSQL. */
export type Pooler = 'none' | 'transaction';

/** Where the database is, and the limits of its connections. */
export interface DatabaseOptions {
  /** With parameters as `docs/deploying.md` lists them. */
  url: string;
  /** What is between this process and PostgreSQL: `transaction` for a transaction pooler. Default: `none`, unless the URL says `pgbouncer=true`. */
  pooler?: Pooler;
  /** Schemas whose functions replace those of PostgreSQL, such as a clock of a test. Default: none. */
  searchFirst?: readonly string[];
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

/** Time that a transaction may be idle between two statements, in milliseconds. */
const IDLE_MS = 5000;

/** Opens the database lazily: nothing connects until the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, maxConnections = 10, connectTimeoutMs = 2000, lockTimeoutMs = 2000, statementTimeoutMs = 10_000 } = options;
  const { onError = () => undefined } = options;
  const address = parseDatabaseUrl(url, PINNED);
  const settings = {
    ...STATEMENT_SETTINGS,
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(lockTimeoutMs),
    // A process that froze in the middle of a transaction must not hold its locks for long.
    idle_in_transaction_session_timeout: String(IDLE_MS),
  };
  const hasPooler = options.pooler === 'transaction' || address.hasPooler;
  const config = {
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    // PostgreSQL's own limits do not help when its replies no longer arrive: the pool replaces such a connection.
    query_timeout: statementTimeoutMs + REPLY_MS,
    application_name: options.purpose,
  };
  const pool = createPool(sessionConfig(config, { address, settings, hasPooler, searchFirst: options.searchFirst ?? [] }));
  pool.on('error', onError);
  markErrors(pool);
  const prisma = createPrisma(pool);
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Creates a Prisma client on the connections of a pool. */
export function createPrisma(pool: pg.Pool): PrismaClient {
  return new PrismaClient({ adapter: prismaAdapter(pool) });
}

/**
 * Creates the adapter of the Prisma client, which names the schema in each of its statements: that of the pool's sessions, which
 * is known once one is open.
 */
function prismaAdapter(pool: pg.Pool): PrismaPg {
  const options: { schema?: string } = {};
  const factory = new PrismaPg(pool, options);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    options.schema = await readSchemaName(pool);
    return connect();
  };
  return factory;
}
