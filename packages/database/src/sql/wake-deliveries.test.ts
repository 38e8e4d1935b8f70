import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { WAKE_LIMIT, wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const wake = async () => (await wakeDeliveries(log.pool, 30_000)).admitted.map(({ id }) => id);
/** Deliveries whose wake time is this many seconds ago. */
const addOverdue = async (...secondsAgo: number[]) => {
  const ids: string[] = [];
  for (const seconds of secondsAgo) {
    const id = await log.addDelivery();
    await log.pool.query('UPDATE deliveries SET wake_at = now() - make_interval(secs => $2) WHERE id = $1', [id, seconds]);
    ids.push(id);
  }
  return ids;
};

describe('waking deliveries', () => {
  test('takes those whose wake time has passed, and no others', async () => {
    const early = await log.addDelivery();
    const overdue = await addOverdue(0, 1, 3600);
    expect((await wake()).sort()).toEqual([...overdue].sort());
    expect(await log.delivery(early)).toMatchObject({ wake_in: WAKE_AFTER_S });
  });

  test('says how urgent each is', async () => {
    const [id] = await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET priority = 1');
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 1, admitted: [{ id, priority: 1 }] });
  });

  test('puts the next look off, so that nobody wakes them again meanwhile, and somebody does later (I2)', async () => {
    const [id = ''] = await addOverdue(1);
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', wake_in: 30 });
    expect(await wake()).toEqual([]);
    await log.pool.query("UPDATE deliveries SET wake_at = wake_at - interval '30 s'");
    expect(await wake()).toEqual([id]);
  });

  test('takes a batch at a time, the longest overdue first', async () => {
    const ids = await log.addDeliveries(WAKE_LIMIT + 5, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE deliveries SET wake_at = now() - event_position * $1::interval', ['1 s']);
    const first = await wakeDeliveries(log.pool, 30_000);
    expect(first.count).toBe(WAKE_LIMIT);
    expect(first.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(5).sort());
    expect((await wake()).sort()).toEqual(ids.slice(0, 5).sort());
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 0, admitted: [] });
  });

  test('is shared by those who do it at once: each delivery goes to one of them', async () => {
    const ids = await log.addDeliveries(3 * WAKE_LIMIT, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    const shares: string[][] = [];
    while (shares.flat().length < ids.length) shares.push(...(await Promise.all([wake(), wake(), wake()])));
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });

  test('waits for nobody who holds a row', async () => {
    const [held, free] = await addOverdue(2, 1);
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [held]);
    expect(await wake()).toEqual([free]);
    await holder.query('ROLLBACK');
    holder.release();
  });

  test('leaves a delivery alone while a worker holds its lease', async () => {
    const id = await log.addDelivery();
    const { leaseToken } = await log.claim(id);
    await log.pass(59);
    expect(await wake()).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ stage: 'admitted', lease_token: leaseToken });
  });

  test('withdraws a lease that ran out (I3), and lets another worker claim', async () => {
    const id = await log.addDelivery();
    const lost = await log.claim(id);
    expect(await wake()).toEqual([]);
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    expect(await wake()).toEqual([id]);
    expect((await log.delivery(id)).lease_token).toBeNull();
    expect((await log.claim(id)).leaseToken).not.toBe(lost.leaseToken);
  });

  test.each(['succeeded', 'failed', 'cancelled', 'skipped'])('leaves alone what has %s', async (status) => {
    await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET status = $1, stage = NULL, wake_at = NULL', [status]);
    expect(await wake()).toEqual([]);
  });
});

describe('a webhook with more overdue deliveries than slots', () => {
  const stages = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await log.delivery(id)).stage));
  /** All of them wait for their next attempt, which is overdue. */
  const backOff = (ids: readonly string[]) =>
    log.pool.query(`UPDATE deliveries SET stage = 'backoff', priority = 1, wake_at = now() WHERE id = ANY ($1)`, [ids]);

  test('gets as many enqueued as it has, in the order of the log; the others are parked', async () => {
    const ids = await log.addDeliveries(5, { maxInFlight: 2 });
    await backOff(ids);
    const woken = await wakeDeliveries(log.pool, 30_000);
    expect(woken.count).toBe(5);
    expect(woken.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked', 'parked']);
    expect(await log.delivery(ids[4] ?? '')).toMatchObject({ status: 'pending', wake_in: null, next_attempt_in: 0 });
  });

  test('keeps those that had a slot, beyond which there is none', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    await backOff(ids.slice(2));
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    expect((await wake()).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked']);
  });

  test('holds up no other one', async () => {
    const busy = await log.addDeliveries(3, { maxInFlight: 1 });
    const free = await log.addDeliveries(3, { maxInFlight: 3 });
    await backOff([...busy, ...free]);
    expect((await wake()).sort()).toEqual([busy[0], ...free].sort());
  });

  test.each([
    ['gone', 'DELETE FROM webhooks'],
    ['disabled', "UPDATE webhooks SET enabled = false, disabled_reason = 'failing'"],
  ])('that is %s gets them all enqueued, to be settled', async (_, change) => {
    const ids = await log.addDeliveries(5, { maxInFlight: 1 });
    await backOff(ids);
    await log.pool.query(change);
    expect((await wake()).sort()).toEqual([...ids].sort());
  });

  test('gets none enqueued while its circuit is open, and one when it is time for a probe', async () => {
    const ids = await log.addDeliveries(3);
    await backOff(ids);
    await log.pool.query("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 3, admitted: [] });
    await backOff(ids);
    await log.pass(31);
    expect(await wake()).toEqual([ids[0]]);
  });
});
