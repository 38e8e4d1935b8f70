import type { Queryable } from '../database.js';
import { MIGRATION_NAMES } from '../generated/migration-names.js';

/** The migrations of a database compared with those of this version. */
export interface MigrationState {
  /** In the order in which they are applied. */
  applied: string[];
  /** Migrations of this version that the database lacks. */
  pending: string[];
  /** Migrations that began and did not finish. */
  failed: string[];
  /** Migrations that this version does not have: a newer version, or another application, migrated the database. */
  unknown: string[];
  /** Whether there are tables with the names of ours, although no migration of ours was applied. */
  hasForeignTables: boolean;
}

/**
 * Compares the migrations of this version with those that the database has applied. Null when the role may not read them.
 * Changes nothing.
 */
export async function readMigrationState(sql: Queryable, known = MIGRATION_NAMES): Promise<MigrationState | null> {
  const { rows: tables } = await sql.query<{ exists: boolean; isReadable: boolean; hasWebhooks: boolean }>(
    `SELECT list IS NOT NULL AS "exists", coalesce(has_table_privilege(list, 'SELECT'), false) AS "isReadable",
       to_regclass('webhooks') IS NOT NULL AS "hasWebhooks"
     FROM to_regclass('_prisma_migrations') AS list`,
  );
  const { exists = false, isReadable = false, hasWebhooks = false } = tables[0] ?? {};
  if (!exists) return { applied: [], pending: [...known], failed: [], unknown: [], hasForeignTables: hasWebhooks };
  if (!isReadable) return null;
  const { rows } = await sql.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, bool_or(finished_at IS NOT NULL) AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL GROUP BY migration_name ORDER BY migration_name`,
  );
  const finished = new Set(rows.filter((row) => row.finished).map(({ name }) => name));
  const failed = rows.filter((row) => !row.finished).map(({ name }) => name);
  const applied = known.filter((name) => finished.has(name));
  return {
    applied,
    pending: known.filter((name) => !finished.has(name) && !failed.includes(name)),
    failed,
    unknown: [...finished].filter((name) => !known.includes(name)),
    hasForeignTables: hasWebhooks && applied.length === 0 && failed.length === 0,
  };
}
