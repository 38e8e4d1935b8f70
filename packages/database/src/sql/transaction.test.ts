import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase, type Database } from '../database.js';
import { lockOwner, lockWebhook, readClock, setActor, type Transaction } from './transaction.js';

let log: TestLog;
let database: Database;
beforeAll(async () => {
  log = await openLog();
  database = openDatabase({ url: log.url });
  // Prisma waits two seconds for a transaction's start, and the first connection counts.
  await database.prisma.$connect();
});
afterAll(async () => {
  await database.close();
  await log.close();
});
beforeEach(async () => {
  await log.clear();
  await log.addWebhook('one');
});

const waiting = async () => {
  const { rowCount } = await log.pool.query(
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
  );
  return rowCount;
};
/** The order in which two transactions get past a lock, of which the first takes it and commits once the second waits. */
async function orderOf(first: (transaction: Transaction) => Promise<void>, second: (transaction: Transaction) => Promise<void>) {
  const order: string[] = [];
  let later: Promise<unknown> = Promise.resolve();
  await database.prisma.$transaction(async (transaction) => {
    await first(transaction);
    later = database.prisma.$transaction(async (other) => {
      await second(other);
      order.push('second');
    });
    await eventually(async () => {
      expect(await waiting()).toBe(1);
    });
    order.push('first');
  });
  await later;
  return order;
}

test('setActor names the actor in the audit log, for its transaction only', async () => {
  await database.prisma.$transaction(async (transaction) => {
    await setActor(transaction, { id: 'tidings', kind: 'owner' });
    await transaction.webhook.update({ where: { id: 'one' }, data: { description: 'changed' } });
  });
  await database.prisma.webhook.update({ where: { id: 'one' }, data: { description: 'changed again' } });
  const { rows } = await log.pool.query("SELECT actor, actor_kind FROM audit_log WHERE action = 'webhook.changed' ORDER BY id");
  expect(rows).toEqual([
    { actor: 'tidings', actor_kind: 'owner' },
    { actor: 'tidings', actor_kind: 'system' },
  ]);
});

test('lockOwner makes another transaction of the owner wait, and none of another owner', async () => {
  const lockAlice = (transaction: Transaction) => lockOwner(transaction, 'alice');
  expect(await orderOf(lockAlice, lockAlice)).toEqual(['first', 'second']);
  await database.prisma.$transaction(async (transaction) => {
    await lockAlice(transaction);
    await database.prisma.$transaction((other) => lockOwner(other, 'bob'));
  });
});

test('lockWebhook makes another transaction that changes the webhook wait', async () => {
  const order = await orderOf(
    (transaction) => lockWebhook(transaction, 'alice', 'one'),
    (transaction) => lockWebhook(transaction, 'alice', 'one'),
  );
  expect(order).toEqual(['first', 'second']);
});

test("lockWebhook does not lock another owner's webhook (I7)", async () => {
  await database.prisma.$transaction(async (transaction) => {
    await lockWebhook(transaction, 'bob', 'one');
    await database.prisma.$transaction((other) => lockWebhook(other, 'alice', 'one'));
  });
});

test('readClock continues while its transaction is open', async () => {
  await database.prisma.$transaction(async (transaction) => {
    const first = await readClock(transaction);
    expect(Math.abs(first - Date.now() / 1000)).toBeLessThan(60);
    await eventually(async () => {
      expect(await readClock(transaction)).toBeGreaterThan(first);
    });
  });
});
