import { join } from 'node:path';
import { connect } from './connection.js';
import { openEngine, PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';

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
    const engine = await openEngine(pool, join(prismaFolder, 'schema.prisma'));
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: readMigrations(prismaFolder),
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    // The lock belongs to the session, which ends here.
    await pool.end();
  }
}
