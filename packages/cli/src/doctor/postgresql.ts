import {
  isSupported,
  readMigrationState,
  readServer,
  tooOld,
  unfitMigrations,
  unusableBecauseOf,
  type Database,
} from '@tidings/database';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

const server = findingFactory('PostgreSQL');
const migrations = findingFactory('migrations');

/** Checks that PostgreSQL answers, is of a supported version and accepts writes. */
export async function checkPostgresql({ pool }: Pick<Database, 'pool'>, url: string): Promise<Finding> {
  const { host, pathname } = new URL(url);
  const where = `${host}, database "${decodeURIComponent(pathname.slice(1))}"`;
  try {
    const found = await readServer(pool);
    if (!isSupported(found)) return server.wrong(`${where}: ${tooOld(found).message}`, tooOld(found).remedy);
    if (!found.readOnly) return server.ok(`${found.version} at ${where}`);
    return server.wrong(`${where} is read-only: it is a standby, or configured as read-only`, 'Set DATABASE_URL to the primary.');
  } catch (error) {
    const { kind, message, remedy } = unusableBecauseOf(error);
    if (kind !== 'unknown') return server.wrong(`${where}: ${message} (${reasonOf(error)})`, remedy);
    const advice = 'Check DATABASE_URL, whether PostgreSQL runs, and the network from here to it.';
    return server.wrong(`${where} cannot be used: ${reasonOf(error)}`, advice);
  }
}

/** Checks that the database has all migrations of this version. */
export async function checkMigrations({ pool }: Pick<Database, 'pool'>): Promise<Finding> {
  const state = await readMigrationState(pool);
  if (state === null) {
    return migrations.skipped('the role may not read the table _prisma_migrations', 'Grant SELECT on it to the role.');
  }
  const { applied, unknown } = state;
  const unfit = unfitMigrations(state);
  if (unfit) return migrations.wrong(unfit.message, unfit.remedy);
  if (unknown.length > 0) {
    const advice = 'Run the version that has these migrations: this version may not work with the database.';
    return migrations.warning(`of a newer version: ${unknown.join(', ')}`, advice);
  }
  return migrations.ok(`all ${String(applied.length)} are applied`);
}
