// The generators share a database that has all migrations, and the writer of schema.sql.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres, temporaryFolder } from '../local/dist/index.js';
import { migrate, openDatabase } from './dist/index.js';
import { readSchema } from './dist/migrations/schema.js';

/** Starts the embedded PostgreSQL, migrates it, calls `use` with its URL, and removes it. An error is one line and exit code 1. */
export async function withMigratedDatabase(use) {
  const { folder, remove } = temporaryFolder();
  let postgres;
  try {
    postgres = await startPostgres({ folder: join(folder, 'postgres'), settings: { fsync: 'off' } });
    await migrate(postgres.url);
    await use(postgres.url);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await postgres?.remove();
    remove();
  }
}

/** Describes the schema of the database of `url` in schema.sql. */
export async function writeSchema(url) {
  const { pool, close } = openDatabase({ url, maxConnections: 1 });
  try {
    writeFileSync(join(import.meta.dirname, 'schema.sql'), await readSchema(pool));
  } finally {
    await close();
  }
}
