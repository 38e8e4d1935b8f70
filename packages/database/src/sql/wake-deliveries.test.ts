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
/** Adds deliveries whose wake time is this many seconds ago. */
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
  test('wakes the deliveries whose wake time has passed, and no others', async () => {
    const early = await log.addDelivery();
    const overdue = await addOverdue(0, 1, 3600);
    expect((await wake()).sort()).toEqual([...overdue].sort());
    expect(await log.delivery(early)).toMatchObject({ wake_in: WAKE_AFTER_S });
  });

  test('returns the priority of each delivery', async () => {
    const [id] = await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET priority = 1');
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 1, admitted: [{ id, priority: 1 }] });
  });

  test('sets a later wake time, so that the next wake leaves them alone and a later one takes them (I2)', async () => {
    const [id = ''] = await addOverdue(1);
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', wake_in: 30 });
    expect(await wake()).toEqual([]);
    await log.pool.query("UPDATE deliveries SET wake_at = wake_at - interval '30 s'");
    expect(await wake()).toEqual([id]);
  });

  test('takes at most WAKE_LIMIT at a time, the longest overdue first', async () => {
    const ids = await log.addDeliveries(WAKE_LIMIT + 5, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE deliveries SET wake_at = now() - event_position * $1::interval', ['1 s']);
    const first = await wakeDeliveries(log.pool, 30_000);
    expect(first.count).toBe(WAKE_LIMIT);
    expect(first.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(5).sort());
    expect((await wake()).sort()).toEqual(ids.slice(0, 5).sort());
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 0, admitted: [] });
  });

  test('gives each delivery to one of several callers at once', async () => {
    const ids = await log.addDeliveries(3 * WAKE_LIMIT, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    const shares: string[][] = [];
    while (shares.flat().length < ids.length) shares.push(...(await Promise.all([wake(), wake(), wake()])));
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });

  test('skips a row that another transaction has locked', async () => {
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

  test('withdraws an expired lease (I3), so that another worker can claim', async () => {
    const id = await log.addDelivery();
    const lost = await log.claim(id);
    expect(await wake()).toEqual([]);
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    expect(await wake()).toEqual([id]);
    expect((await log.delivery(id)).lease_token).toBeNull();
    expect((await log.claim(id)).leaseToken).not.toBe(lost.leaseToken);
  });

  test.each(['succeeded', 'failed', 'cancelled', 'skipped'])('leaves a %s delivery alone', async (status) => {
    await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET status = $1, stage = NULL, wake_at = NULL', [status]);
    expect(await wake()).toEqual([]);
  });
});

describe('a webhook with more overdue deliveries than slots', () => {
  const stages = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await log.delivery(id)).stage));
  /** Puts them into backoff with an overdue wake time. */
  const backOff = (ids: readonly string[]) =>
    log.pool.query(`UPDATE deliveries SET stage = 'backoff', priority = 1, wake_at = now() WHERE id = ANY ($1)`, [ids]);

  test('has as many enqueued as it has slots, in the order of the log; the others are parked', async () => {
    const ids = await log.addDeliveries(5, { maxInFlight: 2 });
    await backOff(ids);
    const woken = await wakeDeliveries(log.pool, 30_000);
    expect(woken.count).toBe(5);
    expect(woken.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked', 'parked']);
    expect(await log.delivery(ids[4] ?? '')).toMatchObject({ status: 'pending', wake_in: null, next_attempt_in: 0 });
  });

  test('keeps deliveries in the slots that they have, and gives out no more', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    await backOff(ids.slice(2));
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    expect((await wake()).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked']);
  });

  test('delays no other webhook', async () => {
    const busy = await log.addDeliveries(3, { maxInFlight: 1 });
    const free = await log.addDeliveries(3, { maxInFlight: 3 });
    await backOff([...busy, ...free]);
    expect((await wake()).sort()).toEqual([busy[0], ...free].sort());
  });

  test.each([
    ['deleted', 'DELETE FROM webhooks'],
    ['disabled', "UPDATE webhooks SET enabled = false, disabled_reason = 'failing'"],
  ])('that is %s has all of them enqueued, to be skipped or cancelled', async (_, change) => {
    const ids = await log.addDeliveries(5, { maxInFlight: 1 });
    await backOff(ids);
    await log.pool.query(change);
    expect((await wake()).sort()).toEqual([...ids].sort());
  });

  test('has none enqueued while its circuit waits for a probe, and one when the probe is due', async () => {
    const ids = await log.addDeliveries(3);
    await backOff(ids);
    await log.pool.query("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    expect(await wakeDeliveries(log.pool, 30_000)).toEqual({ count: 3, admitted: [] });
    await backOff(ids);
    await log.pass(31);
    expect(await wake()).toEqual([ids[0]]);
  });
});
