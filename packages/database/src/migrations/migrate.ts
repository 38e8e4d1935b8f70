import { join } from 'node:path';
import { connect } from './connection.js';
import { openEngine, PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';

/** The key of the engine's own lock, so that `prisma migrate deploy` waits for us as well. */
const MIGRATION_LOCK = 72_707_369;

export interface MigrationOptions {
  /** The folder of schema.prisma and `migrations/`. Default: that of the project. */
  prismaFolder?: string;
  /** How long to keep trying while PostgreSQL does not answer, in milliseconds. Default 15,000. */
  waitMs?: number;
}

/**
 * Applies the migrations that the database does not have yet, and answers with their names. Throws Prisma's error when
 * a migration fails.
 *
 * Safe to run from several processes at once. The engine gives up waiting for its lock after ten seconds, so we take it
 * first, on the same connection, for as long as the migrations of another process take; the engine then has it already.
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
    // The lock is the session's: it ends here.
    await pool.end();
  }
}
