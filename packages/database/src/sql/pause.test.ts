import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { admitNext } from './admit-next.js';
import { claimDeliveries } from './claim-deliveries.js';
import { setDeliveryPause, pauseWebhook, readDeliveryPause } from './pause.js';
import { updateWebhook } from './update-webhook.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const claim = async (...ids: string[]) =>
  (await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 15_000 })).map(({ id }) => id);
const admit = async () => {
  const { admitted } = await admitNext(log.pool, { after: '', deliveries: 100, perWebhook: 100, wakeAfterMs: 15_000 });
  return admitted.map(({ id }) => id);
};
const pauseAll = (paused: boolean) => setDeliveryPause(log.pool, paused, 'olga');
const pauseOne = (id: string, paused: boolean) => pauseWebhook(log.pool, id, paused, 'olga');
const pauseByOwner = (id: string, paused: boolean) =>
  updateWebhook(log.pool, { id, actor: { id: 'alice', kind: 'owner' }, fields: { ownerPausedAt: paused ? new Date() : null } });
const setUnverified = (id: string, unverified: boolean) =>
  updateWebhook(log.pool, {
    id,
    actor: { id: 'alice', kind: 'owner' },
    fields: { unverifiedSince: unverified ? new Date() : null },
  });
const waits = { status: 'pending', stage: 'parked', lease_token: null, attempt_count: 0 };

describe.each([
  ['everything', pauseAll],
  ['its webhook', (paused: boolean) => pauseOne('wh_hook', paused)],
  ['its webhook, by its owner,', (paused: boolean) => pauseByOwner('wh_hook', paused)],
  ['its webhook, until its URL is verified,', (paused: boolean) => setUnverified('wh_hook', paused)],
])('while %s is paused, a delivery', (_, pause) => {
  test('that was enqueued before is parked, and loses no attempt', async () => {
    const id = await log.addDelivery('hook');
    await pause(true);
    expect(await claim(id)).toEqual([]);
    expect(await log.delivery(id)).toMatchObject(waits);
  });

  test('of a new event is parked', async () => {
    await log.addWebhook('wh_hook');
    await pause(true);
    await log.accept({ id: 'evt_new' });
    expect(await log.deliveries()).toMatchObject([{ ...waits, event_id: 'evt_new' }]);
    expect(await admit()).toEqual([]);
  });

  test('whose next attempt becomes due is parked', async () => {
    const id = await log.addDelivery('hook');
    await log.pool.query("UPDATE pending_deliveries SET stage = 'backoff', wake_at = now() - interval '1 s'");
    await pause(true);
    expect((await wakeDeliveries(log.pool, { againAfterMs: 15_000 })).admitted).toEqual([]);
    expect(await log.delivery(id)).toMatchObject(waits);
  });

  test('is admitted in the next round after a resume', async () => {
    const id = await log.addDelivery('hook');
    await pause(true);
    await claim(id);
    await pause(false);
    expect(await admit()).toEqual([id]);
    expect(await claim(id)).toEqual([id]);
  });
});

test('a webhook that its owner and an operator have paused resumes when both have', async () => {
  const id = await log.addDelivery('hook');
  await pauseByOwner('wh_hook', true);
  await pauseOne('wh_hook', true);
  await claim(id);
  await pauseOne('wh_hook', false);
  expect(await admit()).toEqual([]);
  await pauseOne('wh_hook', true);
  await pauseByOwner('wh_hook', false);
  expect(await admit()).toEqual([]);
  await pauseOne('wh_hook', false);
  expect(await admit()).toEqual([id]);
});

test("an owner's pause is answered when the claims that have not seen it are over", async () => {
  const id = await log.addDelivery('hook');
  const claimer = await log.pool.connect();
  await claimer.query('BEGIN');
  await claimDeliveries(claimer, [id], { leaseMs: 60_000, wakeAfterMs: 15_000 });
  const pausing = pauseByOwner('wh_hook', true);
  await log.lockWaits(1);
  await claimer.query('COMMIT');
  claimer.release();
  expect(await pausing).toBe(true);
});

test('a paused webhook delays no other webhook', async () => {
  const [held, free] = [await log.addDelivery('held'), await log.addDelivery('free')];
  await pauseOne('wh_held', true);
  expect(await claim(held, free)).toEqual([free]);
});

test('a request in flight ends normally while everything is paused', async () => {
  const id = await log.addDelivery('hook');
  const { leaseToken } = await log.claim(id);
  await pauseAll(true);
  expect(await log.delivery(id)).toMatchObject({ lease_token: leaseToken, stage: 'admitted' });
});

test('a pause of everything is acknowledged when the claims that have not seen it are over', async () => {
  const id = await log.addDelivery('hook');
  const claimer = await log.pool.connect();
  await claimer.query('BEGIN');
  const claims = await claimDeliveries(claimer, [id], { leaseMs: 60_000, wakeAfterMs: 15_000 });
  const pausing = pauseAll(true);
  await log.lockWaits(1);
  expect(await readDeliveryPause(log.pool)).toEqual({ pausedAt: null, pausedBy: null });
  await claimer.query('COMMIT');
  claimer.release();
  expect(claims).toMatchObject([{ id, state: 'claimed' }]);
  expect(await pausing).toMatchObject({ pausedBy: 'olga' });
});

test('claims do not wait for each other', async () => {
  const [one, other] = [await log.addDelivery(), await log.addDelivery()];
  const claimer = await log.pool.connect();
  await claimer.query('BEGIN');
  await claimDeliveries(claimer, [one], { leaseMs: 60_000, wakeAfterMs: 15_000 });
  expect(await claim(other)).toEqual([other]);
  await claimer.query('ROLLBACK');
  claimer.release();
});

test('a pause has its time and actor, and one entry in the audit log', async () => {
  expect(await readDeliveryPause(log.pool)).toEqual({ pausedAt: null, pausedBy: null });
  const paused = await pauseAll(true);
  expect(paused).toEqual({ pausedAt: expect.any(Date), pausedBy: 'olga' });
  expect(await setDeliveryPause(log.pool, true, 'otto')).toEqual(paused);
  expect(await readDeliveryPause(log.pool)).toEqual(paused);
  expect(await pauseAll(false)).toEqual({ pausedAt: null, pausedBy: null });
  const { rows } = await log.pool.query('SELECT actor, action FROM audit_log ORDER BY id');
  expect(rows).toEqual([
    { actor: 'olga', action: 'deliveries.paused' },
    { actor: 'olga', action: 'deliveries.resumed' },
  ]);
});

test('an unknown webhook cannot be paused', async () => {
  expect(await pauseOne('wh_none', true)).toBe(false);
});
