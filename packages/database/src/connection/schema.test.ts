import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import type pg from 'pg';
import { openDatabase, type Database } from '../database.js';
import { migrate } from '../migrations/migrate.js';

// Each test applies all migrations.
jest.setTimeout(120_000);

let shared: TestDatabase;
let admin: pg.Client;
let opened: Database[];
const open = (url: string): Database => {
  const database = openDatabase({ url });
  opened.push(database);
  return database;
};
beforeEach(async () => {
  opened = [];
  shared = await createTestDatabase('empty');
  admin = await shared.connect();
});
afterEach(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await shared.drop();
});

const inSchema = (schema: string): string => {
  const url = new URL(shared.url);
  url.searchParams.set('schema', schema);
  return url.href;
};
const tablesOf = async (schema: string): Promise<string[]> => {
  const { rows } = await admin.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') ORDER BY 1",
    [schema],
  );
  return rows.map(({ name }) => name);
};

/** Adds a period that no log has yet. */
const addPeriod = (pool: Database['pool']) =>
  pool.query("SELECT add_period(now() + interval '400 days', now() + interval '400 days', 1)");

describe('a database that is shared', () => {
  test('by two installations in two schemas has two logs, with partitions of their own', async () => {
    await migrate(inSchema('one'));
    await migrate(inSchema('Other schema'));
    const [one, other] = [open(inSchema('one')), open(inSchema('Other schema'))];
    for (const { pool } of [one, other]) await addPeriod(pool);
    await one.prisma.webhook.create({
      data: { id: 'wh_1', owner: 'alice', url: 'https://example.com', eventTypes: ['*'], sealedSecret: Buffer.from('x') },
    });
    expect([await one.prisma.webhook.count(), await other.prisma.webhook.count()]).toEqual([1, 0]);
    expect((await one.pool.query('SELECT id FROM webhooks')).rows).toEqual([{ id: 'wh_1' }]);
    expect((await other.pool.query('SELECT id FROM webhooks')).rows).toEqual([]);
    expect(await tablesOf('one')).toEqual(await tablesOf('"Other schema"'));
    expect(await tablesOf('public')).toEqual([]);
  });

  test("by another application keeps that one's tables and migrations", async () => {
    await admin.query(
      'CREATE TABLE users (id int); CREATE SCHEMA app; CREATE TABLE app._prisma_migrations (migration_name text)',
    );
    await admin.query("INSERT INTO app._prisma_migrations VALUES ('20200101000000_theirs'); CREATE TABLE app.events (id int)");
    await migrate(shared.url);
    expect(await open(shared.url).prisma.webhook.count()).toBe(0);
    expect(await tablesOf('public')).toContain('users');
    expect(await tablesOf('app')).toEqual(['_prisma_migrations', 'events']);
  });

  test('is refused in one line when another application has its migrations, or our names, in the schema', async () => {
    await admin.query('CREATE TABLE events (id int); CREATE TYPE delivery_status AS ENUM ()');
    await expect(migrate(shared.url)).rejects.toThrow(
      'The schema "public" has objects of another application with names that Tidings needs: delivery_status, events.',
    );
    await admin.query(`DROP TABLE events; CREATE TABLE _prisma_migrations (migration_name text);
      INSERT INTO _prisma_migrations VALUES ('20200101000000_theirs')`);
    await expect(migrate(shared.url)).rejects.toThrow('The schema "public" has the migrations of another application');
    expect(await tablesOf('public')).toEqual(['_prisma_migrations']);
  });
});

describe("a role's search path", () => {
  test('is honoured by migrations and statements alike, and pinned', async () => {
    const name = new URL(shared.url).pathname.slice(1);
    await admin.query(`CREATE SCHEMA hooks; ALTER ROLE CURRENT_USER IN DATABASE ${name} SET search_path = hooks, public`);
    await migrate(shared.url);
    expect(await tablesOf('public')).toEqual([]);
    const { pool, prisma } = open(shared.url);
    expect((await pool.query("SELECT current_setting('search_path') AS path")).rows).toEqual([{ path: 'hooks, pg_temp' }]);
    expect(await prisma.webhook.count()).toBe(0);
  });

  test('that leads elsewhere does not hide the tables in public', async () => {
    await migrate(shared.url);
    const name = new URL(shared.url).pathname.slice(1);
    await admin.query(
      `CREATE SCHEMA decoy; CREATE TABLE decoy.webhooks (id text); ALTER DATABASE ${name} SET search_path = decoy, public`,
    );
    const { pool, prisma } = open(shared.url);
    expect((await pool.query("SELECT current_setting('search_path') AS path")).rows).toEqual([{ path: 'public, pg_temp' }]);
    expect(await prisma.webhook.count()).toBe(0);
  });
});

describe('the owner of a schema', () => {
  test('who may create nothing else in the database migrates and runs', async () => {
    const role = `owner_${new URL(shared.url).pathname.slice(6)}`;
    await admin.query(`REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE ROLE ${role} LOGIN PASSWORD 'x';
      CREATE SCHEMA tidings AUTHORIZATION ${role}`);
    const url = new URL(inSchema('tidings'));
    url.username = role;
    url.password = 'x';
    try {
      await migrate(url.href);
      const database = open(url.href);
      await addPeriod(database.pool);
      expect((await tablesOf('tidings')).filter((name) => /^events_\d/.test(name))).not.toEqual([]);
      expect(await database.prisma.webhook.count()).toBe(0);
    } finally {
      await Promise.all(opened.map((database) => database.close()));
      opened = [];
      await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
