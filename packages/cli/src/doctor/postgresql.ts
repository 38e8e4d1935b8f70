import { readMigrationState, readServer, type Database } from '@tidings/database';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const server = findingFactory('PostgreSQL');
const migrations = findingFactory('migrations');

/** Checks that PostgreSQL answers and accepts writes. */
export async function checkPostgresql({ pool }: Pick<Database, 'pool'>, url: string): Promise<Finding> {
  const { host, pathname } = new URL(url);
  const where = `${host}, database "${decodeURIComponent(pathname.slice(1))}"`;
  try {
    const { version, readOnly } = await readServer(pool);
    if (!readOnly) return server.ok(`${version} at ${where}`);
    return server.wrong(`${where} is read-only: it is a standby, or configured as read-only`, 'Set DATABASE_URL to the primary.');
  } catch (error) {
    const advice = 'Check DATABASE_URL, whether PostgreSQL runs, and the network from here to it.';
    return server.wrong(`${where} cannot be used: ${reasonOf(error)}`, advice);
  }
}

/**
 * Checks that the database has all migrations of this version.
 *
 * @param prismaFolder default: the folder `prisma` of this project
 */
export async function checkMigrations({ pool }: Pick<Database, 'pool'>, prismaFolder?: string): Promise<Finding> {
  const state = await readMigrationState(pool, prismaFolder);
  if (state === null) {
    return migrations.skipped(
      'prisma/migrations does not exist here, so there is nothing to compare with',
      'Run doctor where this folder exists.',
    );
  }
  const { applied, pending, failed, unknown } = state;
  if (failed.length > 0) {
    const advice =
      'Run "node packages/database/dist/migrations/main.js" to see the error, and read docs/deploying.md, Migrations.';
    return migrations.wrong(`failed: ${failed.join(', ')}`, advice);
  }
  if (pending.length > 0) {
    return migrations.wrong(`missing: ${pending.join(', ')}`, 'Run "node packages/database/dist/migrations/main.js".');
  }
  if (unknown.length > 0) {
    const advice = 'Run the version that has these migrations: this version may not work with the database.';
    return migrations.warning(`of a newer version: ${unknown.join(', ')}`, advice);
  }
  return migrations.ok(`all ${String(applied.length)} are applied`);
}
