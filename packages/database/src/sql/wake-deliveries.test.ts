import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { LONGEST_LEASE_S } from '../lease.js';
import { endSuperseded, endSupersededNext } from './end-superseded.js';
import { retryDelivery } from './retry-delivery.js';
import { WAKE_LIMIT, wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const OPTIONS = { againAfterMs: 30_000 };
const wake = async () => (await wakeDeliveries(log.pool, OPTIONS)).admitted.map(({ id }) => id);
/** Adds deliveries whose wake time is this many seconds ago. */
const addOverdue = async (...secondsAgo: number[]) => {
  const ids: string[] = [];
  for (const seconds of secondsAgo) {
    const id = await log.addDelivery();
    await log.pool.query('UPDATE pending_deliveries SET wake_at = now() - make_interval(secs => $2) WHERE delivery_id = $1', [
      id,
      seconds,
    ]);
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
    await log.pool.query('UPDATE pending_deliveries SET priority = 1');
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 1, admitted: [{ id, priority: 1 }] });
  });

  test('sets a later wake time, so that the next wake leaves them alone and a later one takes them (I2)', async () => {
    const [id = ''] = await addOverdue(1);
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', wake_in: 30 });
    expect(await wake()).toEqual([]);
    await log.pool.query("UPDATE pending_deliveries SET wake_at = wake_at - interval '30 s'");
    expect(await wake()).toEqual([id]);
  });

  test('takes at most WAKE_LIMIT at a time, the longest overdue first', async () => {
    const ids = await log.addDeliveries(WAKE_LIMIT + 5, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE pending_deliveries SET wake_at = now() - event_position * $1::interval', ['1 s']);
    const first = await wakeDeliveries(log.pool, OPTIONS);
    expect(first.count).toBe(WAKE_LIMIT);
    expect(first.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(5).sort());
    expect((await wake()).sort()).toEqual(ids.slice(0, 5).sort());
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 0, admitted: [] });
  });

  test('gives each delivery to one of several callers at once', async () => {
    const ids = await log.addDeliveries(3 * WAKE_LIMIT, { maxInFlight: 10_000 });
    await log.pool.query('UPDATE pending_deliveries SET wake_at = now()');
    const shares: string[][] = [];
    while (shares.flat().length < ids.length) shares.push(...(await Promise.all([wake(), wake(), wake()])));
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });

  test('skips a row that another transaction has locked', async () => {
    const [held, free] = await addOverdue(2, 1);
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [held]);
    expect(await wake()).toEqual([free]);
    await holder.query('ROLLBACK');
    holder.release();
  });

  test('leaves a delivery alone while a worker holds its lease', async () => {
    const id = await log.addDelivery();
    const { leaseToken } = await log.claim(id);
    await log.pass(55);
    expect(await wake()).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ stage: 'admitted', lease_token: leaseToken });
    await log.pass(6);
    expect(await wake()).toEqual([id]);
  });

  test('forgets a delivery that was ended with a request under way, once its lease has expired', async () => {
    const id = await log.addDelivery('one');
    await log.claim(id);
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await endSuperseded(log.pool, [id]);
    await log.pass(55);
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 0, admitted: [] });
    await log.pass(6);
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 1, admitted: [] });
    expect((await log.pool.query('SELECT FROM pending_deliveries')).rowCount).toBe(0);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', finished: true });
  });

  test('makes a delivery due that was retried with a request under way, once its lease has expired', async () => {
    const id = await log.addDelivery('one');
    await log.claim(id);
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await endSuperseded(log.pool, [id]);
    await log.pool.query('UPDATE webhooks SET enabled = true');
    await retryDelivery(log.pool, 'alice', id, 15_000);
    await log.pass(61);
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', stage: 'admitted', again: false, lease_token: null });
    expect(await log.claim(id)).toMatchObject({ replay: true });
  });

  test('looks only at wake times from the given one on, which spares it the entries of deliveries woken earlier', async () => {
    const [early, late] = await addOverdue(600, 60);
    const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
    expect((await wakeDeliveries(log.pool, { ...OPTIONS, since: minutesAgo(5) })).admitted).toEqual([{ id: late, priority: 0 }]);
    expect((await wakeDeliveries(log.pool, OPTIONS)).admitted).toEqual([{ id: early, priority: 0 }]);
  });

  describe('of times that a clock that was ahead has written', () => {
    const ahead = async (columns: string) => {
      const id = await log.addDelivery();
      await log.pool.query(`UPDATE pending_deliveries SET ${columns}`);
      return id;
    };

    test('brings forward the wake time of an admitted delivery', async () => {
      const id = await ahead("wake_at = now() + interval '1 h'");
      expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 0, admitted: [] });
      expect(await log.delivery(id)).toMatchObject({ stage: 'admitted', wake_in: 30, leased_for: null });
    });

    test('brings forward the end of a lease to the longest one, which nobody may have outlived', async () => {
      const id = await ahead(
        "wake_at = now() + interval '1 h', lease_token = gen_random_uuid(), leased_until = now() + interval '1 h'",
      );
      await wake();
      expect(await log.delivery(id)).toMatchObject({ wake_in: 30, leased_for: LONGEST_LEASE_S });
    });

    test.each([
      ['a retry in an hour', "stage = 'backoff', wake_at = now() + interval '1 h'", OPTIONS],
      ['a wake time within five minutes', "wake_at = now() + interval '4 min'", OPTIONS],
      ['others, by a look at recent wake times only', "wake_at = now() + interval '1 h'", { ...OPTIONS, since: 0 }],
    ])('leaves alone %s', async (_, columns, options) => {
      const id = await ahead(columns);
      const before = await log.delivery(id);
      await wakeDeliveries(log.pool, options);
      expect(await log.delivery(id)).toEqual(before);
    });
  });

  test('withdraws an expired lease (I3), so that another worker can claim', async () => {
    const id = await log.addDelivery();
    const lost = await log.claim(id);
    expect(await wake()).toEqual([]);
    await log.pool.query('UPDATE pending_deliveries SET wake_at = now(), leased_until = now()');
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ lease_token: null, leased_for: null });
    expect((await log.claim(id)).leaseToken).not.toBe(lost.leaseToken);
  });
});

describe('a webhook with more overdue deliveries than slots', () => {
  const stages = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await log.delivery(id)).stage));
  /** Puts them into backoff with an overdue wake time. */
  const backOff = (ids: readonly string[]) =>
    log.pool.query(
      `UPDATE pending_deliveries SET stage = 'backoff', priority = 1, wake_at = now() WHERE delivery_id = ANY ($1)`,
      [ids],
    );

  test('has as many enqueued as it has slots, in the order of the log; the others are parked', async () => {
    const ids = await log.addDeliveries(5, { maxInFlight: 2 });
    await backOff(ids);
    const woken = await wakeDeliveries(log.pool, OPTIONS);
    expect(woken.count).toBe(5);
    expect(woken.admitted.map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked', 'parked']);
    expect(await log.delivery(ids[4] ?? '')).toMatchObject({ status: 'pending', wake_in: null, next_attempt_in: 0 });
  });

  test('keeps deliveries in the slots that they have, and gives out no more', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    await backOff(ids.slice(2));
    await log.pool.query('UPDATE pending_deliveries SET wake_at = now()');
    expect((await wake()).sort()).toEqual(ids.slice(0, 2).sort());
    expect(await stages(ids)).toEqual(['admitted', 'admitted', 'parked', 'parked']);
  });

  test('delays no other webhook', async () => {
    const busy = await log.addDeliveries(3, { maxInFlight: 1 });
    const free = await log.addDeliveries(3, { maxInFlight: 3 });
    await backOff([...busy, ...free]);
    expect((await wake()).sort()).toEqual([busy[0], ...free].sort());
  });

  test('that is deleted has some enqueued, so that a claim finds them superseded', async () => {
    const ids = await log.addDeliveries(5, { maxInFlight: 1 });
    await backOff(ids);
    await log.pool.query('DELETE FROM webhooks');
    expect(await wake()).toEqual([ids[0]]);
  });

  test('that is disabled has none enqueued: they are parked until they are ended', async () => {
    const ids = await log.addDeliveries(2, { maxInFlight: 1 });
    await backOff(ids);
    await log.pool.query("UPDATE webhooks SET enabled = false, disabled_reason = 'failing'");
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 2, admitted: [] });
    expect(await stages(ids)).toEqual(['parked', 'parked']);
    expect(await endSupersededNext(log.pool)).toEqual({ cancelled: 0, skipped: 2 });
  });

  test('that is fifo has the first in line enqueued, also when that one has just waited for its next attempt', async () => {
    const ids = await log.addDeliveries(3, { ordering: 'fifo' });
    await log.pool.query("UPDATE pending_deliveries SET stage = 'backoff', wake_at = now() WHERE delivery_id = $1", [ids[0]]);
    expect(await wake()).toEqual([ids[0]]);
    expect(await stages(ids)).toEqual(['admitted', 'parked', 'parked']);
  });

  test('has none enqueued while its circuit waits for a probe, and one when the probe is due', async () => {
    const ids = await log.addDeliveries(3);
    await backOff(ids);
    await log.pool.query("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    expect(await wakeDeliveries(log.pool, OPTIONS)).toEqual({ count: 3, admitted: [] });
    await backOff(ids);
    await log.pass(31);
    expect(await wake()).toEqual([ids[0]]);
  });
});
