import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answered, HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { admitOf } from './admit-next.js';
import { cancelDelivery } from './cancel-delivery.js';
import { claimDeliveries } from './claim-deliveries.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';
import { retryDelivery } from './retry-delivery.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
let id: string;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  id = await log.addDelivery('one');
});

const set = (change: string) => log.pool.query(change);
const cancel = (delivery = id, owner = 'alice') => cancelDelivery(log.pool, owner, delivery, owner);
const claim = async (...ids: string[]) => {
  const claims = await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 15_000 });
  return claims.map(({ id: claimed }) => claimed);
};
const record = (attempt: AttemptRecord) => recordAttempts(log.pool, [attempt], { wakeAfterMs: 15_000, health: HEALTH });
const audited = async () =>
  (await set("SELECT actor, owner, webhook_id, details FROM audit_log WHERE action = 'delivery.cancelled'")).rows;
const CANCELLED = { cancelled: true, webhookId: 'wh_one' };
const UNCHANGED = { cancelled: false, webhookId: 'wh_one' };

describe('cancelling a pending delivery', () => {
  test.each([
    ['is to be claimed', ''],
    ['waits for its next attempt', "UPDATE pending_deliveries SET stage = 'backoff', attempt_count = 2"],
    ['waits for a slot', "UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL"],
    [
      'has an expired lease',
      "UPDATE pending_deliveries SET lease_token = gen_random_uuid(), leased_until = now() - interval '1 s'",
    ],
  ])('ends it, and no attempt begins: it %s', async (_, change) => {
    await set(change === '' ? 'SELECT' : change);
    expect(await cancel()).toEqual(CANCELLED);
    const attempts = change.includes('attempt_count') ? 2 : 0;
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null, attempt_count: attempts, finished: true });
    expect(await claim(id)).toEqual([]);
  });

  test('is recorded in the audit log once, and changes nothing the second time', async () => {
    await cancel();
    const before = await log.delivery(id);
    expect(await cancel()).toEqual(UNCHANGED);
    expect(await log.delivery(id)).toEqual(before);
    expect(await audited()).toEqual([
      { actor: 'alice', owner: 'alice', webhook_id: 'wh_one', details: { delivery_id: { to: id } } },
    ]);
  });

  test('of another owner is as if it did not exist (I7)', async () => {
    expect(await cancel(id, 'bob')).toBeNull();
    expect(await log.delivery(id)).toMatchObject({ status: 'pending' });
  });

  test.each([
    ['it succeeded', async () => record(succeeded(await log.claim(id))), 'succeeded'],
    ['it failed', async () => record(answered(await log.claim(id), 500, { status: 'failed' })), 'failed'],
  ])('changes nothing when %s', async (_, end, status) => {
    await end();
    expect(await cancel()).toEqual(UNCHANGED);
    expect(await log.delivery(id)).toMatchObject({ status });
    expect(await audited()).toEqual([]);
  });

  test('leaves a delivery of a webhook that was disabled to the workers, which give it its status', async () => {
    await set("UPDATE webhooks SET enabled = false, disabled_reason = 'failing'");
    expect(await cancel()).toEqual(UNCHANGED);
  });

  test('can be undone by a retry', async () => {
    await cancel();
    expect(await retryDelivery(log.pool, 'alice', id, 15_000)).toMatchObject({ due: { id } });
    expect(await claim(id)).toEqual([id]);
  });
});

describe('cancelling a delivery whose request is under way', () => {
  test('keeps its lease, which counts, until it is recorded: succeeded if the request did', async () => {
    const claimed = await log.claim(id);
    expect(await cancel()).toEqual(CANCELLED);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', lease_token: claimed.leaseToken, ended: true });
    await record(succeeded(claimed));
    expect(await log.delivery(id)).toMatchObject({ status: 'succeeded', stage: null, attempt_count: 1, finished: true });
  });

  test('makes no further attempt when the request fails', async () => {
    const claimed = await log.claim(id);
    await cancel();
    await record(answered(claimed, 500, { status: 'pending', retryInMs: 0 }));
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null, attempt_count: 1 });
    expect(await claim(id)).toEqual([]);
  });

  test('also cancels a retry that was requested in the meantime', async () => {
    const claimed = await log.claim(id);
    await cancel();
    await retryDelivery(log.pool, 'alice', id, 15_000);
    expect(await cancel()).toEqual(CANCELLED);
    await record(answered(claimed, 500, { status: 'pending', retryInMs: 0 }));
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null });
  });

  test('is forgotten when the worker crashed', async () => {
    await log.claim(id);
    await cancel();
    await log.pass(300);
    await wakeDeliveries(log.pool, { againAfterMs: 15_000 });
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null });
  });
});

test('the line of a fifo webhook goes on behind a cancelled delivery', async () => {
  const [poison = '', next = ''] = await log.addDeliveries(2, { ordering: 'fifo' });
  const webhookId = (await log.delivery(next)).webhook_id;
  await record(answered(await log.claim(poison), 500, { status: 'pending', retryInMs: 3_600_000 }));
  expect(await admitOf(log.pool, [webhookId], 15_000)).toEqual([]);
  expect(await cancel(poison)).toEqual({ cancelled: true, webhookId });
  expect(await admitOf(log.pool, [webhookId], 15_000)).toMatchObject([{ id: next }]);
  expect(await claim(next)).toEqual([next]);
});

describe('a cancellation and another statement at the same time', () => {
  test('a claim that has the lock comes first: the delivery keeps the lease', async () => {
    const claimer = await log.pool.connect();
    await claimer.query('BEGIN');
    const claims = await claimDeliveries(claimer, [id], { leaseMs: 60_000, wakeAfterMs: 15_000 });
    const cancelling = cancel();
    await log.lockWaits(1);
    await claimer.query('COMMIT');
    claimer.release();
    expect(claims).toMatchObject([{ state: 'claimed' }]);
    expect(await cancelling).toEqual(CANCELLED);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', ended: true, stage: 'admitted' });
  });

  test('a record that has the lock comes first: the delivery has ended', async () => {
    const claimed = await log.claim(id);
    const recorder = await log.pool.connect();
    await recorder.query('BEGIN');
    await recordAttempts(recorder, [succeeded(claimed)], { wakeAfterMs: 15_000, health: HEALTH });
    const cancelling = cancel();
    await log.lockWaits(1);
    await recorder.query('COMMIT');
    recorder.release();
    expect(await cancelling).toEqual(UNCHANGED);
    expect(await log.delivery(id)).toMatchObject({ status: 'succeeded', stage: null });
  });

  test('a retry that has the lock comes first: the delivery that it begins again is cancelled', async () => {
    await record(answered(await log.claim(id), 500, { status: 'failed' }));
    const retrier = await log.pool.connect();
    await retrier.query('BEGIN');
    await retryDelivery(retrier, 'alice', id, 15_000);
    const cancelling = cancel();
    await log.lockWaits(1);
    await retrier.query('COMMIT');
    retrier.release();
    expect(await cancelling).toEqual(CANCELLED);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null });
  });
});
