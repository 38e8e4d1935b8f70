import type { Queryable } from '../database.js';
import { PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';

/** Where a database stands against the migrations of this version. */
export interface MigrationState {
  /** In the order in which they are applied. */
  applied: string[];
  /** Of this version, and not in the database. */
  pending: string[];
  /** Begun, and never finished. */
  failed: string[];
  /** In the database, and not of this version: it was migrated by a newer one. */
  unknown: string[];
}

/**
 * Compares the migrations on disk with those that the database says it has. Null when there are none on disk, as in images
 * that do not migrate. It changes nothing.
 *
 * @param prismaFolder the folder of `migrations/`; default: that of the project
 */
export async function readMigrationState(sql: Queryable, prismaFolder = PRISMA_FOLDER): Promise<MigrationState | null> {
  const ours = readMigrations(prismaFolder).migrationDirectories.map(({ path }) => path);
  if (ours.length === 0) return null;
  const { rows: tables } = await sql.query<{ there: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`);
  if (!tables[0]?.there) return { applied: [], pending: ours, failed: [], unknown: [] };
  const { rows } = await sql.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, bool_or(finished_at IS NOT NULL) AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL GROUP BY migration_name ORDER BY migration_name`,
  );
  const finished = new Set(rows.filter((row) => row.finished).map(({ name }) => name));
  const failed = rows.filter((row) => !row.finished).map(({ name }) => name);
  return {
    applied: ours.filter((name) => finished.has(name)),
    pending: ours.filter((name) => !finished.has(name) && !failed.includes(name)),
    failed,
    unknown: [...finished].filter((name) => !ours.includes(name)),
  };
}
