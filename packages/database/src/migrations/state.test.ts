import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { MIGRATION_NAMES } from '../generated/migration-names.js';
import { PRISMA_FOLDER } from './engine.js';
import { readMigrations } from './files.js';
import { readMigrationState } from './state.js';

let testDatabases: TestDatabase[];
let [migrated, empty]: Database[] = [];
beforeAll(async () => {
  testDatabases = await Promise.all([createTestDatabase(), createTestDatabase('empty')]);
  [migrated, empty] = testDatabases.map(({ url }) => openDatabase({ url, maxConnections: 1 }));
});
afterAll(async () => {
  await Promise.all([migrated?.close(), empty?.close()]);
  await Promise.all(testDatabases.map((database) => database.drop()));
});
const read = (database: Database | undefined) => readMigrationState((database as Database).pool);

describe('the state of the migrations', () => {
  test('has all as applied, or all as pending', async () => {
    const applied = await read(migrated);
    expect(applied).toMatchObject({ pending: [], failed: [], unknown: [], hasForeignTables: false });
    expect(applied?.applied[0]).toMatch(/_init$/);
    const nothing = { applied: [], pending: applied?.applied, failed: [], unknown: [] };
    expect(await read(empty)).toEqual({ ...nothing, hasForeignTables: false });
    await empty?.pool.query('CREATE TABLE webhooks ()');
    expect(await read(empty)).toEqual({ ...nothing, hasForeignTables: true });
  });

  test('names failed, missing and unknown ones, and a repeated one once', async () => {
    const [first = '', second = '', third = ''] = (await read(migrated))?.applied ?? [];
    const { pool } = migrated as Database;
    await pool.query('UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1', [second]);
    await pool.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [third]);
    const add = (name: string, rolledBack: boolean) =>
      pool.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at)
         VALUES (gen_random_uuid(), '', $1, CASE WHEN $2 THEN NULL ELSE now() END, CASE WHEN $2 THEN now() END)`,
        [name, rolledBack],
      );
    await add('29990101000000_newer', false);
    await add(first, true);
    const state = await read(migrated);
    expect(state).toMatchObject({ failed: [second], pending: [third], unknown: ['29990101000000_newer'] });
    expect(state?.applied).toContain(first);
  });

  test('is null for a role that may not read it', async () => {
    const client = await (migrated as Database).pool.connect();
    await client.query('BEGIN; CREATE ROLE state_reader; SET LOCAL ROLE state_reader');
    expect(await readMigrationState(client)).toBeNull();
    await client.query('ROLLBACK');
    client.release();
  });

  test('is compared with the migrations of the folder prisma, which images do not have', () => {
    expect(MIGRATION_NAMES).toEqual(readMigrations(PRISMA_FOLDER).migrationDirectories.map(({ path }) => path));
  });
});
