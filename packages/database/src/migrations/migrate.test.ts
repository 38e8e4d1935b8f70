import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { difference } from './difference.js';
import { migrate } from './migrate.js';

describe('the migrations', () => {
  let empty: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    empty = await createTestDatabase('empty');
    database = openDatabase({ url: empty.url });
  });
  afterAll(async () => {
    await database.close();
    await empty.drop();
  });

  test('bring an empty database to schema.prisma, once', async () => {
    expect(await difference(empty.url)).toContain('CREATE TABLE "webhooks"');
    const applied = await migrate(empty.url);
    expect(applied[0]).toBe('20261124120000_init');
    expect(await difference(empty.url)).toBe('');
    expect(await migrate(empty.url)).toEqual([]);
  });

  test('are told apart from a database that was changed by hand', async () => {
    await database.pool.query('ALTER TABLE attempts DROP COLUMN error');
    expect(await difference(empty.url)).toContain('ADD COLUMN     "error" TEXT');
  });

  test('keep the ordinary table of Prisma Migrate', async () => {
    const { rows } = await database.pool.query('SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations');
    expect(rows).toEqual([{ migration_name: '20261124120000_init', finished: true }]);
  });

  test('make delivery ids that are UUIDv7, in the order of time', async () => {
    const { rows } = await database.pool.query<{ id: string; ms: string }>(
      'SELECT new_delivery_id() AS id, floor(extract(epoch FROM clock_timestamp()) * 1000) AS ms FROM generate_series(1, 100)',
    );
    for (const { id, ms } of rows) {
      expect(id).toMatch(/^dlv_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number(ms) - parseInt(id.slice(4, 17).replace('-', ''), 16)).toBeLessThan(1000);
    }
  });
});
