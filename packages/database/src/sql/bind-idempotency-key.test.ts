import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import { openDatabase, type Database } from '../database.js';
import { bindIdempotencyKey } from './bind-idempotency-key.js';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(() => database.pool.query('TRUNCATE idempotency_keys'));

const bind = (body: string, { owner = 'service', key = 'k' } = {}) =>
  bindIdempotencyKey(database.pool, { owner, key, digest: createHash('sha256').update(body).digest() });

describe('an idempotency key', () => {
  test('stays bound to its first request', async () => {
    expect(await bind('one')).toBe(true);
    expect(await bind('other')).toBe(false);
    expect(await bind('one')).toBe(true);
  });

  test('belongs to its owner', async () => {
    expect(await bind('one', { owner: 'alice' })).toBe(true);
    expect(await bind('other', { owner: 'bob' })).toBe(true);
    expect(await bind('other', { key: 'k2' })).toBe(true);
  });

  test('is bound by one of several callers at once, and compared for the others', async () => {
    const bodies = Array.from({ length: 30 }, (_, index) => (index % 3 === 0 ? 'other' : 'one'));
    const answers = await Promise.all(bodies.map((body) => bind(body)));
    const { rows } = await database.pool.query<{ digest: Buffer }>('SELECT digest FROM idempotency_keys');
    const winner = rows[0]?.digest.equals(createHash('sha256').update('one').digest()) ? 'one' : 'other';
    expect(answers).toEqual(bodies.map((body) => body === winner));
  });

  test('is compared with a request that was committed while this one waited', async () => {
    const holder = await database.pool.connect();
    await holder.query('BEGIN');
    const digest = createHash('sha256').update('one').digest();
    await bindIdempotencyKey(holder, { owner: 'service', key: 'k', digest });
    const waiting = Promise.all([bind('one'), bind('other')]);
    await eventually(async () => {
      const { rowCount } = await holder.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      expect(rowCount).toBe(2);
    });
    await holder.query('COMMIT');
    holder.release();
    expect(await waiting).toEqual([true, false]);
  });
});
