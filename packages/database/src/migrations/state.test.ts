import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
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
    expect(applied).toMatchObject({ pending: [], failed: [], unknown: [] });
    expect(applied?.applied[0]).toMatch(/_init$/);
    expect(await read(empty)).toEqual({ applied: [], pending: applied?.applied, failed: [], unknown: [] });
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

  test('is null where no migrations are on disk', async () => {
    expect(await readMigrationState((migrated as Database).pool, '/nowhere')).toBeNull();
  });
});
