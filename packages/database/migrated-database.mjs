// Lends generators an empty PostgreSQL database that has all migrations.
import { join } from 'node:path';
import { startPostgres, temporaryFolder } from '../local/dist/index.js';
import { migrate } from './dist/index.js';

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
