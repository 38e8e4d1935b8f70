import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createFaultProxy, createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database, type DatabaseOptions } from './database.js';

let testDatabase: TestDatabase;
let database: Database;
let errors: Error[];
const open = (options: Partial<DatabaseOptions> = {}) => {
  errors = [];
  database = openDatabase({ url: testDatabase.url, onError: (error) => void errors.push(error), ...options });
  return database;
};
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterEach(() => database.close());
afterAll(() => testDatabase.drop());

describe('a database', () => {
  test('is the same one through Prisma and through SQL', async () => {
    const { prisma, pool } = open();
    const data = {
      id: 'wh_1',
      owner: 'alice',
      url: 'https://example.com',
      eventTypes: ['*'],
      sealedSecret: Buffer.from('sealed'),
    };
    await prisma.webhook.create({ data });
    expect((await pool.query('SELECT id, sealed_secret FROM webhooks')).rows).toEqual([
      { id: 'wh_1', sealed_secret: Buffer.from('sealed') },
    ]);
  });

  test('is not connected to before the first query, which fails when it is away', async () => {
    const { pool } = open({ url: 'postgresql://tidings@127.0.0.1:1/tidings' });
    await expect(pool.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  test('that does not answer holds nobody longer than the time to connect', async () => {
    const proxy = await createFaultProxy(testDatabase.url);
    proxy.freeze();
    const { pool } = open({ url: proxy.url, connectTimeoutMs: 100 });
    await expect(pool.query('SELECT 1')).rejects.toThrow('timeout');
    await proxy.disconnect();
  });

  test('works no longer on a statement than it may', async () => {
    const { pool } = open({ statementTimeoutMs: 50 });
    await expect(pool.query('SELECT pg_sleep(60)')).rejects.toThrow('statement timeout');
  });

  test('has no more connections than it may: further callers wait', async () => {
    const { pool } = open({ maxConnections: 2 });
    const [first, second] = [await pool.connect(), await pool.connect()];
    const third = pool.query('SELECT 3 AS n');
    expect(pool.waitingCount).toBe(1);
    first.release();
    expect((await third).rows).toEqual([{ n: 3 }]);
    second.release();
  });

  test('replaces a connection that broke, and tells its owner', async () => {
    const { pool } = open({ maxConnections: 1 });
    const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const other = openDatabase({ url: testDatabase.url });
    await other.pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await other.close();
    await eventually(() => {
      expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('terminating connection')]);
    });
    expect((await pool.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  });
});
