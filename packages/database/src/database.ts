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
  /** How long a caller waits for a connection before it gets an error, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number;
  /** How long PostgreSQL may work on one statement, in milliseconds. Default 30,000. */
  statementTimeoutMs?: number;
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  onError?: (error: Error) => void;
}

/** Opens the pool lazily: nothing connects until the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, maxConnections = 10, connectTimeoutMs = 5000, statementTimeoutMs = 30_000, onError = () => undefined } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    application_name: 'tidings',
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
