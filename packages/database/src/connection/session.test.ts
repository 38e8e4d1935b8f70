import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, setHostileDefaults, type TestDatabase } from '@tidings/testing';
import type pg from 'pg';
import { openDatabase, type Database, type DatabaseOptions } from '../database.js';
import { parseDatabaseUrl } from './database-url.js';
import { SessionClient, sessionConfig } from './session-client.js';
import { SessionError } from './session-error.js';
import { PINNED, STATEMENT_SETTINGS, versionSettings } from './session-settings.js';

let testDatabase: TestDatabase;
let admin: pg.Client;
let name: string;
let database: Database | undefined;
const open = (options: Partial<DatabaseOptions> = {}): Database => {
  database = openDatabase({ url: testDatabase.url, ...options });
  return database;
};
const withParameters = (parameters: Record<string, string>): string => {
  const url = new URL(testDatabase.url);
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value);
  return url.href;
};
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  name = new URL(testDatabase.url).pathname.slice(1);
});
beforeEach(async () => {
  admin = await testDatabase.connect();
});
afterEach(async () => {
  await database?.close();
  await admin.query(`ALTER DATABASE ${name} RESET ALL; ALTER ROLE CURRENT_USER IN DATABASE ${name} RESET ALL`);
});
afterAll(() => testDatabase.drop());

const role = () => new URL(testDatabase.url).username;
/** The settings of a session, as PostgreSQL shows them. */
const show = async ({ pool }: Database, names: readonly string[]): Promise<Record<string, string>> => {
  const { rows } = await pool.query<{ name: string; value: string }>(
    `SELECT lower(name) AS name, current_setting(name) AS value FROM unnest($1::text[]) AS name`,
    [names],
  );
  return Object.fromEntries(rows.map(({ name: key, value }) => [key, value]));
};
const version = async () => {
  const { rows } = await admin.query<{ version: number }>("SELECT current_setting('server_version_num')::int / 10000 AS version");
  return rows[0]?.version ?? 0;
};

describe('a session', () => {
  test.each(['the database', 'the role'])('has its settings, whatever the defaults of %s are', async (of) => {
    const names = [...Object.keys(STATEMENT_SETTINGS), ...Object.keys(versionSettings(await version())), 'search_path'];
    const expected = await show(open(), names);
    await database?.close();
    await setHostileDefaults(admin, of === 'the role' ? { database: name, role: role() } : { database: name });
    const hostile = open();
    expect(await show(hostile, names)).toEqual(expected);
    expect(expected).toMatchObject({
      datestyle: 'ISO, MDY',
      jit: 'off',
      synchronous_commit: 'on',
      search_path: 'public, pg_temp',
    });
    expect((await hostile.pool.query("SELECT current_setting('transaction_isolation') AS level")).rows).toEqual([
      { level: 'read committed' },
    ]);
    expect(await hostile.prisma.webhook.count()).toBe(0);
  });

  test('fires its triggers, even when a superuser made replica the default', async () => {
    await admin.query(`ALTER DATABASE ${name} SET session_replication_role = replica`);
    expect(await show(open(), ['session_replication_role'])).toEqual({ session_replication_role: 'origin' });
  });

  test('keeps the other options of the URL', async () => {
    const database = open({ url: withParameters({ options: '-c log_min_error_statement=panic --application_name=x' }) });
    expect(await show(database, ['log_min_error_statement', 'jit'])).toEqual({ log_min_error_statement: 'panic', jit: 'off' });
  });

  test('is named for Tidings and its purpose, or by the URL', async () => {
    expect(await show(open({ purpose: 'reading' }), ['application_name'])).toEqual({ application_name: 'tidings reading' });
    await database?.close();
    const named = open({ url: withParameters({ application_name: 'hooks' }), purpose: 'reading' });
    expect(await show(named, ['application_name'])).toEqual({ application_name: 'hooks reading' });
  });

  test('refuses a schema that does not exist', async () => {
    const { pool } = open({ url: withParameters({ schema: 'nowhere' }) });
    await expect(pool.query('SELECT 1')).rejects.toThrow(
      new SessionError('The database has no schema "nowhere": run the migrations, or correct ?schema= in DATABASE_URL.', false),
    );
  });

  test('takes no setting of Tidings from the URL', () => {
    for (const setting of PINNED) {
      expect(() => open({ url: withParameters({ options: `-c ${setting}=x` }) })).toThrow(`sets ${setting} in options`);
      expect(() => open({ url: withParameters({ [setting]: 'x' }) })).toThrow(`sets ${setting}, which Tidings sets itself`);
    }
    database = undefined;
  });
});

test('a server that ends a connection while it is being opened is an error of the pool, and not the end of the process', () => {
  const address = parseDatabaseUrl(testDatabase.url, PINNED);
  const client = new SessionClient(sessionConfig({}, { address, settings: STATEMENT_SETTINGS, hasPooler: false }));
  // The pool has removed its listener by then.
  expect(() => client.emit('error', new Error('terminating connection due to administrator command'))).not.toThrow();
});
