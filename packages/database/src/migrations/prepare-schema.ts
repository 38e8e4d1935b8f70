import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { Queryable } from '../database.js';

/** Prisma's own definition of its table. */
const TABLE = `CREATE TABLE _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;
const ADVICE = 'Give Tidings a schema of its own: add ?schema=tidings to DATABASE_URL, or connect to another database.';

/**
 * Prepares a schema for its first migration, and leaves alone what another application has in it. Throws when the schema has
 * the migrations of another application, or a table, type or function with a name that the migrations give to theirs.
 *
 * The engine refuses a schema that has any table and no `_prisma_migrations`, so this creates the table.
 */
export async function prepareSchema(sql: Queryable, { migrationDirectories }: MigrationList): Promise<void> {
  const { rows } = await sql.query<{ schema: string; migrations: string | null }>(
    `SELECT current_schema() AS schema, to_regclass(quote_ident(current_schema()) || '._prisma_migrations')::text AS migrations`,
  );
  const { schema, migrations } = rows[0] as { schema: string; migrations: string | null };
  if (migrations !== null) {
    const { rows: applied } = await sql.query<{ name: string }>('SELECT migration_name AS name FROM _prisma_migrations');
    const ours = new Set(migrationDirectories.map(({ path }) => path));
    if (applied.length === 0 || applied.some(({ name }) => ours.has(name))) return;
    throw new Error(`The schema "${schema}" has the migrations of another application (_prisma_migrations). ${ADVICE}`);
  }
  const { rows: taken } = await sql.query<{ name: string }>(
    `WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
     SELECT relname AS name FROM pg_class WHERE relnamespace = (SELECT oid FROM own) AND relname = ANY ($1)
     UNION SELECT typname FROM pg_type WHERE typnamespace = (SELECT oid FROM own) AND typname = ANY ($1)
     UNION SELECT proname FROM pg_proc WHERE pronamespace = (SELECT oid FROM own) AND proname = ANY ($1)
     ORDER BY 1`,
    [namesIn(migrationDirectories)],
  );
  if (taken.length > 0) {
    const names = taken.map(({ name }) => name).join(', ');
    throw new Error(
      `The schema "${schema}" has objects of another application with names that Tidings needs: ${names}. ${ADVICE}`,
    );
  }
  await sql.query(TABLE);
}

/** The names that the migrations give to tables, types and functions. */
function namesIn(directories: MigrationList['migrationDirectories']): string[] {
  const names = directories.flatMap(({ migrationFile }) => {
    const { content } = migrationFile;
    const sql = content.tag === 'ok' ? content.value : '';
    return [...sql.matchAll(/\bCREATE (?:OR REPLACE )?(?:TABLE|TYPE|FUNCTION) "?(\w+)/g)].map(([, name]) => String(name));
  });
  return [...new Set(names)];
}
