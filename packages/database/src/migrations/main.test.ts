import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';

/** The built command: `npm test` builds before it runs the suites. */
const MAIN = join(import.meta.dirname, '../../dist/migrations/main.js');

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function runMigrate(databaseUrl: string | undefined, ...args: string[]): Promise<Ran> {
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe('the migrate command', () => {
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

  test('waits for another one that is running, and two at once apply each migration once', async () => {
    const otherOne = await database.pool.connect();
    await otherOne.query('SELECT pg_advisory_lock(72707369)');
    const commands = Promise.all([runMigrate(empty.url), runMigrate(empty.url)]);
    await eventually(async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      expect(rows).toHaveLength(2);
    });
    expect((await database.pool.query("SELECT to_regclass('events') AS events")).rows).toEqual([{ events: null }]);
    await otherOne.query('SELECT pg_advisory_unlock(72707369)');
    otherOne.release();
    const outputs = (await commands).sort((one, other) => one.stdout.localeCompare(other.stdout));
    expect(outputs).toEqual([
      { code: 0, stdout: expect.stringContaining('applied 20261124120000_init\n'), stderr: '' },
      { code: 0, stdout: 'up to date\n', stderr: '' },
    ]);
  });

  test('prints with --diff the SQL that would bring the database to schema.prisma', async () => {
    expect(await runMigrate(empty.url, '--diff')).toEqual({
      code: 0,
      stdout: '-- The database and schema.prisma agree.\n',
      stderr: '',
    });
    await database.pool.query('ALTER TABLE attempts DROP COLUMN error');
    expect((await runMigrate(empty.url, '--diff')).stdout).toContain('ADD COLUMN     "error" TEXT;\n');
    await database.pool.query('ALTER TABLE attempts ADD COLUMN error TEXT');
  });

  test('retries when PostgreSQL was briefly unavailable', async () => {
    const real = new URL(empty.url);
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      if (connections === 1) socket.resetAndDestroy();
      else socket.pipe(connect(Number(real.port), real.hostname)).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(empty.url);
    url.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    expect(await runMigrate(url.href)).toEqual({ code: 0, stdout: 'up to date\n', stderr: '' });
    expect(connections).toBe(2);
    server.close();
  });

  test.each([
    ['no DATABASE_URL', () => undefined, 'DATABASE_URL is not set'],
    ['a server that is unavailable', () => 'postgresql://me:hunter2@127.0.0.1:1/tidings', 'Cannot use PostgreSQL at 127.0.0.1:1'],
    ['an unknown host', () => 'postgresql://me:hunter2@nowhere.invalid/tidings', 'Cannot use PostgreSQL at nowhere.invalid:5432'],
    ['an invalid URL', () => 'postgresql://me:hunter2/@:x/tidings', 'must be a PostgreSQL URL'],
    ['an unknown database', () => `${empty.url}_not`, 'does not exist'],
    ['an unknown user', () => empty.url.replace(/\/\/.*@/, '//nobody:hunter2@'), '"nobody"'],
  ])('fails with one clear line, without the password, given %s', async (_, url, message) => {
    const { code, stdout, stderr } = await runMigrate(url(), '--wait', '0');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hunter2');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('fails given an unknown option', async () => {
    expect(await runMigrate(empty.url, '--force')).toMatchObject({ code: 1, stderr: expect.stringContaining("'--force'") });
    expect(await runMigrate(empty.url, '--wait', 'long')).toMatchObject({ code: 1, stderr: expect.stringContaining('--wait') });
  });
});
