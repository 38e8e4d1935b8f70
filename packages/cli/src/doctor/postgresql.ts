import { readMigrationState, readServer, type Database } from '@tidings/database';
import { reasonOf } from '../failure.js';
import { findingsOf, type Finding } from './finding.js';

const server = findingsOf('PostgreSQL');
const migrations = findingsOf('migrations');

/** Whether PostgreSQL answers, and lets us write. */
export async function checkPostgresql({ pool }: Pick<Database, 'pool'>, url: string): Promise<Finding> {
  const { host, pathname } = new URL(url);
  const where = `${host}, database "${decodeURIComponent(pathname.slice(1))}"`;
  try {
    const { version, readOnly } = await readServer(pool);
    if (!readOnly) return server.ok(`${version} at ${where}`);
    return server.wrong(`${where} only reads: it is a standby, or was made so`, 'Put the primary into DATABASE_URL.');
  } catch (error) {
    const advice = 'Check DATABASE_URL, whether PostgreSQL runs, and whether it can be reached from here.';
    return server.wrong(`${where} cannot be used: ${reasonOf(error)}`, advice);
  }
}

/** Whether the database has the migrations of this version, all of them. */
export async function checkMigrations({ pool }: Pick<Database, 'pool'>, prismaFolder?: string): Promise<Finding> {
  const state = await readMigrationState(pool, prismaFolder);
  if (state === null) {
    return migrations.skipped('there are none on this disk to compare with', 'Run this where prisma/migrations is, too.');
  }
  const { applied, pending, failed, unknown } = state;
  if (failed.length > 0) {
    const advice = 'See its error with "node packages/database/dist/migrations/main.js", and docs/deploying.md, Migrations.';
    return migrations.wrong(`broke off: ${failed.join(', ')}`, advice);
  }
  if (pending.length > 0) {
    return migrations.wrong(`missing: ${pending.join(', ')}`, 'Run "node packages/database/dist/migrations/main.js".');
  }
  if (unknown.length > 0) {
    const advice = 'Run the version that made them: this one may not understand what it finds.';
    return migrations.warning(`of a newer version: ${unknown.join(', ')}`, advice);
  }
  return migrations.ok(`all ${String(applied.length)} are applied`);
}
