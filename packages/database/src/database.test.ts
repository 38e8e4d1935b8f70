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
  test('is the same one for Prisma and for SQL', async () => {
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

  test('connects with the first query, which fails when PostgreSQL is unavailable', async () => {
    const { pool } = open({ url: 'postgresql://tidings@127.0.0.1:1/tidings' });
    await expect(pool.query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  test('that does not answer fails a caller after the connect timeout', async () => {
    const proxy = await createFaultProxy(testDatabase.url);
    proxy.freeze();
    const { pool } = open({ url: proxy.url, connectTimeoutMs: 100 });
    await expect(pool.query('SELECT 1')).rejects.toThrow('timeout');
    await proxy.disconnect();
  });

  test('cancels a statement after the statement timeout', async () => {
    const { pool } = open({ statementTimeoutMs: 50 });
    await expect(pool.query('SELECT pg_sleep(60)')).rejects.toThrow('statement timeout');
  });

  test('opens no more than the maximum of connections: further callers wait', async () => {
    const { pool } = open({ maxConnections: 2 });
    const [first, second] = [await pool.connect(), await pool.connect()];
    const third = pool.query('SELECT 3 AS n');
    expect(pool.waitingCount).toBe(1);
    first.release();
    expect((await third).rows).toEqual([{ n: 3 }]);
    second.release();
  });

  test('replaces a broken connection, and calls onError', async () => {
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
