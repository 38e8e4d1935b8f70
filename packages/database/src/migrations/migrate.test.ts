import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { difference } from './difference.js';
import { PRISMA_FOLDER } from './engine.js';
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
    const { rows } = await database.pool.query(
      'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at LIMIT 1',
    );
    expect(rows).toEqual([{ migration_name: '20261124120000_init', finished: true }]);
  });

  test('make delivery ids that are UUIDv7, in the order of time', async () => {
    const { rows } = await database.pool.query<{ id: string; ms: string }>(
      'SELECT new_delivery_id() AS id, floor(extract(epoch FROM clock_timestamp()) * 1000) AS ms FROM generate_series(1, 100)',
    );
    for (const { id, ms } of rows) {
      expect(id).toMatch(/^dlv_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Math.abs(Number(ms) - parseInt(id.slice(4, 17).replace('-', ''), 16))).toBeLessThan(1000);
    }
  });
});

describe('a new migration', () => {
  let prismaFolder: string;
  let copy: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    prismaFolder = mkdtempSync(join(tmpdir(), 'tidings-prisma-'));
    cpSync(PRISMA_FOLDER, prismaFolder, { recursive: true });
    copy = await createTestDatabase();
    database = openDatabase({ url: copy.url });
  });
  afterEach(async () => {
    await database.close();
    await copy.drop();
    rmSync(prismaFolder, { recursive: true });
  });

  const add = (name: string, sql: string) => {
    mkdirSync(join(prismaFolder, 'migrations', name));
    writeFileSync(join(prismaFolder, 'migrations', name, 'migration.sql'), sql);
  };

  test('may hold semicolons in texts, comments and function bodies', async () => {
    add(
      '29990101000000_semicolons',
      `-- One; two.
       CREATE TABLE notes (text TEXT DEFAULT 'a;b');
       CREATE FUNCTION note() RETURNS TEXT LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes DEFAULT VALUES; RETURN 'c;d'; END; $$;`,
    );
    expect(await migrate(copy.url, { prismaFolder })).toEqual(['29990101000000_semicolons']);
    expect((await database.pool.query('SELECT note()')).rows).toEqual([{ note: 'c;d' }]);
    expect((await database.pool.query('SELECT text FROM notes')).rows).toEqual([{ text: 'a;b' }]);
  });

  test('that fails leaves nothing of itself behind, and holds up what comes after until it is resolved', async () => {
    add('29990101000000_fails', 'CREATE TABLE half_done (id INT); SELECT 1 / 0;');
    add('29990102000000_after', 'CREATE TABLE after (id INT);');
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow(/division by zero[^]*29990101000000_fails/);
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow('`29990101000000_fails` migration');
    const { rows } = await database.pool.query("SELECT to_regclass('half_done') AS half_done, to_regclass('after') AS after");
    expect(rows).toEqual([{ half_done: null, after: null }]);
  });
});
