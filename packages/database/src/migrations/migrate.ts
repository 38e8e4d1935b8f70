import { join } from 'node:path';
import type { Queryable } from '../database.js';
import { unfitMigrations } from '../unusable-database.js';
import { connect } from './connection.js';
import { openEngine, PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';
import { readMigrationState } from './state.js';

/** The engine's own lock, so that `prisma migrate deploy` waits as well. */
const MIGRATION_LOCK = 72_707_369;

/** Where the migrations are, and how long to wait for PostgreSQL. */
export interface MigrationOptions {
  /** Folder of schema.prisma and `migrations/`. Default: that of the project. */
  prismaFolder?: string;
  /** Time to retry while PostgreSQL does not answer, in milliseconds. Default 15,000. */
  waitMs?: number;
}

/**
 * Applies the migrations that the database lacks, and returns their names. Throws Prisma's error when a migration fails.
 *
 * Several processes may call it at once. The engine stops waiting for its lock after ten seconds, so this function takes the
 * lock first, on the same connection, and waits as long as the migrations of another process take.
 */
export async function migrate(databaseUrl: string, options: MigrationOptions = {}): Promise<string[]> {
  const { prismaFolder = PRISMA_FOLDER, waitMs = 15_000 } = options;
  const pool = await connect(databaseUrl, waitMs);
  try {
    await pool.query(`SELECT pg_advisory_lock(${String(MIGRATION_LOCK)})`);
    const migrationsList = readMigrations(prismaFolder);
    await refuseForeign(pool, migrationsList);
    const engine = await openEngine(pool, join(prismaFolder, 'schema.prisma'));
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList,
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    // The lock belongs to the session, which ends here.
    await pool.end();
  }
}

/** Throws, in one line, when the database is another application's: the engine would begin, and fail at a table that exists. */
async function refuseForeign(sql: Queryable, { migrationDirectories }: ReturnType<typeof readMigrations>): Promise<void> {
  const state = await readMigrationState(
    sql,
    migrationDirectories.map(({ path }) => path),
  );
  const unfit = state && unfitMigrations(state);
  if (unfit?.kind === 'foreign') throw new Error(`${unfit.message}. ${unfit.remedy}`);
}
