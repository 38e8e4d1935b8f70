import type { Queryable } from '../database.js';
import { PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';

/** The migrations of a database compared with those of this version. */
export interface MigrationState {
  /** In the order in which they are applied. */
  applied: string[];
  /** Migrations of this version that the database lacks. */
  pending: string[];
  /** Migrations that began and did not finish. */
  failed: string[];
  /** Migrations that this version does not have: a newer version migrated the database. */
  unknown: string[];
}

/**
 * Compares the migrations on disk with those that the database has applied. Null when there are none on disk, as in images
 * that do not migrate. Changes nothing.
 *
 * @param prismaFolder folder of `migrations/`; default: that of the project
 */
export async function readMigrationState(sql: Queryable, prismaFolder = PRISMA_FOLDER): Promise<MigrationState | null> {
  const known = readMigrations(prismaFolder).migrationDirectories.map(({ path }) => path);
  if (known.length === 0) return null;
  const { rows: tables } = await sql.query<{ there: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`);
  if (!tables[0]?.there) return { applied: [], pending: known, failed: [], unknown: [] };
  const { rows } = await sql.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, bool_or(finished_at IS NOT NULL) AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL GROUP BY migration_name ORDER BY migration_name`,
  );
  const finished = new Set(rows.filter((row) => row.finished).map(({ name }) => name));
  const failed = rows.filter((row) => !row.finished).map(({ name }) => name);
  return {
    applied: known.filter((name) => finished.has(name)),
    pending: known.filter((name) => !finished.has(name) && !failed.includes(name)),
    failed,
    unknown: [...finished].filter((name) => !known.includes(name)),
  };
}
