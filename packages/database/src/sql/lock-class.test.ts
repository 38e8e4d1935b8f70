import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import type pg from 'pg';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { migrate } from '../migrations/migrate.js';
import { acceptEvents } from './accept-events.js';
import { keepPartitions } from './keep-partitions.js';
import { setDeliveryPause } from './pause.js';
import { writeRevocations } from './revocations.js';

// Two schemas get all migrations.
jest.setTimeout(120_000);

let shared: TestDatabase;
let admin: pg.Client;
let one: Database;
let other: Database;
const inSchema = (schema: string): string => {
  const url = new URL(shared.url);
  url.searchParams.set('schema', schema);
  return url.href;
};
beforeAll(async () => {
  shared = await createTestDatabase('empty');
  admin = await shared.connect();
  for (const schema of ['one', 'Other schema']) await migrate(inSchema(schema));
  [one, other] = [openDatabase({ url: inSchema('one') }), openDatabase({ url: inSchema('Other schema') })];
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await shared.drop();
});

const accept = (sql: Queryable, id: string) =>
  acceptEvents(sql, [[{ id, type: 'sync.completed', owner: 'alice', timestamp: '2026-03-01T00:00:00Z', data: '{}' }]], {
    patterns: new Map([['sync.completed', ['*']]]),
    wakeAfterMs: 1000,
  });
const addPeriod = (sql: Queryable, days: number) =>
  sql.query(`SELECT add_period(now() + interval '${String(days)} days', now() + interval '${String(days)} days', 1)`);
const revoke = (sql: Queryable, n: number) =>
  writeRevocations(sql, [{ kind: 'token', subject: `t${String(n)}`, notBefore: null, endsAt: null, owner: null }], null);
/** The advisory locks, each taken by a statement or function of Tidings. */
const TAKERS: [lock: string, take: (sql: Queryable, n: number) => Promise<unknown>][] = [
  ['the log', (sql, n) => accept(sql, `e${String(n)}`)],
  ['the periods', (sql, n) => addPeriod(sql, 400 + n)],
  ['the claims', (sql) => sql.query("SELECT lock_webhooks('{}')")],
  ['the pause', (sql) => setDeliveryPause(sql, true, 'alice')],
  ['an owner', (sql) => sql.query("SELECT lock_owner('alice')")],
  ['the revocations', revoke],
];
let calls = 0;
const waiting = async () => {
  const { rowCount } = await admin.query(
    "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
  );
  return rowCount;
};
/** Runs `work` while a transaction holds what `take` locks. */
async function whileHeld(take: (sql: Queryable) => Promise<unknown>, { pool }: Database, work: () => Promise<unknown>) {
  const holder = await pool.connect();
  try {
    await holder.query('BEGIN');
    await take(holder);
    await work();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('an installation that holds a lock in its schema', () => {
  // A statement that waits for a lock for two seconds fails.
  test.each(TAKERS)('of %s keeps none waiting in another schema of the database', async (_, take) => {
    await whileHeld(
      (sql) => take(sql, (calls += 1)),
      one,
      async () => {
        for (const [, takeOther] of TAKERS) await takeOther(other.pool, (calls += 1));
        await keepPartitions(other.pool, 30);
      },
    );
  });

  test.each<[string, (sql: Queryable, n: number) => Promise<unknown>, (sql: Queryable, n: number) => Promise<unknown>]>([
    ['the log', (sql, n) => accept(sql, `e${String(n)}`), (sql, n) => accept(sql, `e${String(n)}`)],
    ['the periods', (sql, n) => addPeriod(sql, 600 + n), (sql) => sql.query("SELECT drop_next_partition('none')")],
    ['the pause', (sql) => setDeliveryPause(sql, true, 'alice'), (sql) => sql.query("SELECT lock_webhooks('{}')")],
    ['the claims', (sql) => sql.query("SELECT lock_webhooks('{}')"), (sql) => setDeliveryPause(sql, false, 'alice')],
    ['an owner', (sql) => sql.query("SELECT lock_owner('alice')"), (sql) => sql.query("SELECT lock_owner('alice')")],
    ['the revocations', revoke, revoke],
  ])('of %s keeps others waiting in its own', async (_, take, takeAgain) => {
    let waiter: Promise<unknown> = Promise.resolve();
    await whileHeld(
      (sql) => take(sql, (calls += 1)),
      one,
      async () => {
        waiter = takeAgain(one.pool, (calls += 1));
        waiter.catch(() => undefined);
        await eventually(async () => {
          expect(await waiting()).toBe(1);
        });
      },
    );
    await waiter;
  });

  test('for its migrations keeps those of its schema waiting, and no others', async () => {
    await admin.query("SELECT pg_advisory_lock('one'::regnamespace::oid::int, 72707369)");
    let waiter: Promise<unknown>;
    try {
      expect(await migrate(inSchema('Other schema'))).toEqual([]);
      waiter = migrate(inSchema('one'));
      await eventually(async () => {
        expect(await waiting()).toBe(1);
      });
    } finally {
      await admin.query("SELECT pg_advisory_unlock('one'::regnamespace::oid::int, 72707369)");
    }
    expect(await waiter).toEqual([]);
  });
});

// The version before took these from its processes, or in functions that still ran when the migration replaced them.
test.each<[number | string, (sql: Queryable) => Promise<unknown>]>([
  [4_105_112_401, (sql) => accept(sql, 'upgraded')],
  [4_105_112_402, (sql) => addPeriod(sql, 900)],
  [4_105_112_402, (sql) => sql.query("SELECT drop_next_partition('none')")],
  [4_105_112_403, (sql) => sql.query("SELECT lock_webhooks('{}')")],
  ["hashtextextended('alice', 0)", (sql) => sql.query("SELECT lock_owner('alice')")],
])('during an upgrade, the lock %s of the version before keeps the new one waiting', async (key, take) => {
  let waiter: Promise<unknown>;
  await admin.query(`SELECT pg_advisory_lock(${String(key)})`);
  try {
    waiter = take(one.pool);
    waiter.catch(() => undefined);
    await eventually(async () => {
      expect(await waiting()).toBe(1);
    });
  } finally {
    await admin.query(`SELECT pg_advisory_unlock(${String(key)})`);
  }
  await waiter;
});
