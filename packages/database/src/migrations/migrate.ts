import { join } from 'node:path';
import type pg from 'pg';
import type { Pooler } from '../database.js';
import { connect } from './connection.js';
import { openEngine, PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';
import { prepareSchema } from './prepare-schema.js';

/**
 * The lock of this schema's migrations, and the engine's own lock, which is shared: `prisma migrate deploy` waits, and the migrations of
 * another schema do not.
 */
const LOCKS = [
  ['', 'quote_ident(current_schema())::regnamespace::oid::int, 72707369'],
  ['_shared', '72707369'],
] as const;

/** Where the migrations are, and how long to wait for PostgreSQL. */
export interface MigrationOptions {
  /** Folder of schema.prisma and `migrations/`. Default: that of the project. */
  prismaFolder?: string;
  /** Time to retry while PostgreSQL does not answer, in milliseconds. Default 15,000. */
  waitMs?: number;
  /** What is between this process and PostgreSQL. Default: `none`, unless the URL says `pgbouncer=true`. */
  pooler?: Pooler;
}

/**
 * Applies the migrations that the database lacks, and returns their names. Throws Prisma's error when a migration fails.
 *
 * Several processes may call it at once. The engine stops waiting for its lock after ten seconds, so this function takes the
 * lock first, on the same connection, and waits as long as the migrations of another process take. Migrations of another schema run
 * at the same time.
 */
export async function migrate(databaseUrl: string, options: MigrationOptions = {}): Promise<string[]> {
  const { prismaFolder = PRISMA_FOLDER, waitMs = 15_000, pooler } = options;
  const { pool, hasPooler } = await connect(databaseUrl, { waitMs, pooler });
  // The lock belongs to the session, or behind a pooler to a transaction on a connection of its own; it ends with the connection.
  const holder = hasPooler ? (await connect(databaseUrl, { waitMs, pooler })).pool : pool;
  try {
    await holdLock(holder, hasPooler);
    const migrations = readMigrations(prismaFolder);
    await prepareSchema(pool, migrations);
    const engine = await openEngine(pool, join(prismaFolder, 'schema.prisma'));
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: migrations,
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    await holder.end();
    if (holder !== pool) await pool.end();
  }
}

async function holdLock(holder: pg.Pool, isTransaction: boolean): Promise<void> {
  const client = await holder.connect();
  try {
    if (isTransaction) await client.query('BEGIN');
    const scope = isTransaction ? 'xact_lock' : 'lock';
    for (const [mode, key] of LOCKS) await client.query(`SELECT pg_advisory_${scope}${mode}(${key})`);
  } finally {
    client.release();
  }
}
