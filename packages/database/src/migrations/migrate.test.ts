import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

  test('bring an empty database to schema.prisma, and are applied once', async () => {
    expect(await difference(empty.url)).toContain('CREATE TABLE "webhooks"');
    const applied = await migrate(empty.url);
    expect(applied[0]).toBe('20261124120000_init');
    expect(await difference(empty.url)).toBe('');
    expect(await migrate(empty.url)).toEqual([]);
  });

  test('differ from a database that was changed by hand', async () => {
    await database.pool.query('ALTER TABLE attempts DROP COLUMN error');
    expect(await difference(empty.url)).toContain('ADD COLUMN     "error" TEXT');
  });

  test('use the ordinary table of Prisma Migrate', async () => {
    const { rows } = await database.pool.query(
      'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at LIMIT 1',
    );
    expect(rows).toEqual([{ migration_name: '20261124120000_init', finished: true }]);
  });

  test('make delivery ids that are UUIDv7, in the order of time', async () => {
    const { rows } = await database.pool.query<{ id: string; ms: string }>(
      'SELECT new_delivery_id(clock_timestamp()) AS id, floor(extract(epoch FROM clock_timestamp()) * 1000) AS ms FROM generate_series(1, 100)',
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

  test('may contain semicolons in string literals, comments and function bodies', async () => {
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

  test('that fails is rolled back, and blocks later ones until it is resolved', async () => {
    add('29990101000000_fails', 'CREATE TABLE half_done (id INT); SELECT 1 / 0;');
    add('29990102000000_after', 'CREATE TABLE after (id INT);');
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow(/division by zero[^]*29990101000000_fails/);
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow('`29990101000000_fails` migration');
    const { rows } = await database.pool.query("SELECT to_regclass('half_done') AS half_done, to_regclass('after') AS after");
    expect(rows).toEqual([{ half_done: null, after: null }]);
  });
});

describe('the migration to a partitioned log', () => {
  test('keeps events in their order, deliveries in their stages, and attempts', async () => {
    const before = mkdtempSync(join(tmpdir(), 'tidings-prisma-'));
    cpSync(PRISMA_FOLDER, before, { recursive: true });
    for (const name of readdirSync(join(before, 'migrations'))) {
      if (/^\d/.test(name) && name >= '20261125000000') rmSync(join(before, 'migrations', name), { recursive: true });
    }
    const old = await createTestDatabase('empty');
    await migrate(old.url, { prismaFolder: before });
    const database = openDatabase({ url: old.url });
    const id = (n: number) => `dlv_01a20000-0000-7000-8000-00000000000${String(n)}`;
    await database.pool.query(`
      INSERT INTO webhooks (id, user_id, url, event_types, sealed_secret) VALUES ('wh_1', 'alice', 'https://example.com', '{*}', '');
      INSERT INTO events (id, type, data, timestamp, accepted_at) SELECT 'evt_' || n, 'a.b', '{"n": 1.0}', now(), now() FROM generate_series(1, 3) AS n;
      INSERT INTO deliveries (id, event_id, webhook_id, user_id, event_type, status, attempt_count, wake_at, finished_at) VALUES
        ('${id(1)}', 'evt_1', 'wh_1', 'alice', 'a.b', 'succeeded', 1, NULL, now()),
        ('${id(2)}', 'evt_2', 'wh_1', 'alice', 'a.b', 'pending', 1, now(), NULL),
        ('${id(3)}', 'evt_3', 'wh_1', 'alice', 'a.b', 'pending', 0, now(), NULL);
      INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code) VALUES ('${id(1)}', 1, now(), 5, 200)`);

    await migrate(old.url);
    const { rows } = await database.pool.query(`
      SELECT d.id, d.status::text, d.stage::text, d.priority, e.id AS event, e.data::text AS data, e.accepted_at = d.created_at AS together,
        (SELECT count(*)::int FROM attempts WHERE delivery_id = d.id) AS attempts
      FROM deliveries d JOIN events e ON e.position = d.event_position ORDER BY e.position`);
    const common = { data: '{"n": 1.0}', together: true };
    expect(rows).toEqual([
      { id: id(1), status: 'succeeded', stage: null, priority: 1, event: 'evt_1', attempts: 1, ...common },
      { id: id(2), status: 'pending', stage: 'backoff', priority: 1, event: 'evt_2', attempts: 0, ...common },
      { id: id(3), status: 'pending', stage: 'admitted', priority: 0, event: 'evt_3', attempts: 0, ...common },
    ]);
    const next = await database.pool.query(
      "INSERT INTO events (id, type, data, timestamp) VALUES ('evt_4', 'a.b', '{}', now()) RETURNING position",
    );
    expect(next.rows).toEqual([{ position: '4' }]);
    await database.close();
    await old.drop();
    rmSync(before, { recursive: true });
  });
});
