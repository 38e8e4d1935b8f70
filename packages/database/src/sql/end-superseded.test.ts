import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { claimDeliveries } from './claim-deliveries.js';
import { endSuperseded, endSupersededNext, type Ended } from './end-superseded.js';
import { recordAttempts } from './record-attempts.js';
import { retryDelivery } from './retry-delivery.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
  await log.pool.query(`DROP TABLE events_first, deliveries_first, attempts_first; DELETE FROM partitions;
    SELECT add_partition('old', NULL, now() - interval '1 day');
    SELECT add_partition('new', now() - interval '1 day', now() + interval '30 days')`);
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string) => log.pool.query(change);
const disable = () => set('UPDATE webhooks SET enabled = false, disabled_reason = NULL');
const enable = () => set('UPDATE webhooks SET enabled = true, disabled_reason = NULL');
const statuses = async () => (await log.deliveries()).map(({ event_id: id, status }) => `${id} ${status}`);
const cancellations = async () => (await set('SELECT FROM cancellations')).rowCount;
const pending = async () => (await set('SELECT FROM pending_deliveries')).rowCount;
/** Ends chunks until nothing is left to end. */
const endAll = async (): Promise<Ended> => {
  const total = { cancelled: 0, skipped: 0 };
  for (let ended = await endSupersededNext(log.pool); ended; ended = await endSupersededNext(log.pool)) {
    total.cancelled += ended.cancelled;
    total.skipped += ended.skipped;
  }
  return total;
};

describe.each<[string, (ids: readonly string[]) => Promise<Ended>]>([
  ['deliveries that a claim found superseded', (ids) => endSuperseded(log.pool, ids)],
  ['the deliveries of a webhook that is noted', () => endAll()],
])('ending %s', (_, end) => {
  test.each([
    ['its owner disabled the webhook', 'UPDATE webhooks SET enabled = false', 'cancelled'],
    ['it was deleted', 'DELETE FROM webhooks', 'cancelled'],
    ['it failed for too long', "UPDATE webhooks SET enabled = false, disabled_reason = 'failing'", 'skipped'],
    ['it answered 410', "UPDATE webhooks SET enabled = false, disabled_reason = 'gone'", 'skipped'],
    ['an operator disabled it', "UPDATE webhooks SET enabled = false, disabled_reason = 'operator'", 'skipped'],
  ])('ends them when %s', async (__, change, status) => {
    const id = await log.addDelivery('one');
    await set(change);
    expect(await end([id])).toEqual({ cancelled: 0, skipped: 0, [status]: 1 });
    expect(await log.delivery(id)).toMatchObject({ status, stage: null, attempt_count: 0, finished: true });
    expect([await pending(), await cancellations()]).toEqual([0, _.includes('noted') ? 0 : 1]);
  });

  test('keeps the status for which the webhook was disabled, after it is enabled again', async () => {
    const id = await log.addDelivery('one');
    await set("UPDATE webhooks SET enabled = false, disabled_reason = 'failing'");
    await enable();
    expect(await end([id])).toEqual({ cancelled: 0, skipped: 1 });
  });

  test('writes the number of attempts that were made', async () => {
    const id = await log.addDelivery('one');
    await set("UPDATE pending_deliveries SET attempt_count = 3, stage = 'backoff'");
    await disable();
    await end([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', attempt_count: 3 });
  });

  test('takes nothing that was accepted after the webhook was enabled again, however late it comes', async () => {
    await log.addWebhook('one', { maxInFlight: 1 });
    await log.accept({ id: 'a' }, { id: 'b' });
    await disable();
    await enable();
    await log.accept({ id: 'c' }, { id: 'd' });
    const ids = (await log.deliveries()).map(({ id }) => id);
    expect(await end(ids)).toEqual({ cancelled: 2, skipped: 0 });
    expect(await statuses()).toEqual(['a cancelled', 'b cancelled', 'c pending', 'd pending']);
  });

  test('takes nothing that was retried after the webhook was enabled again', async () => {
    const id = await log.addDelivery('one');
    await disable();
    await enable();
    expect(await retryDelivery(log.pool, 'alice', id, 15_000)).toMatchObject({ due: { id } });
    expect(await end([id])).toEqual({ cancelled: 0, skipped: 0 });
    expect(await log.delivery(id)).toMatchObject({ status: 'pending' });
  });

  test('leaves the deliveries of other webhooks alone', async () => {
    const other = await log.addDelivery();
    expect(await end([other])).toEqual({ cancelled: 0, skipped: 0 });
    expect((await log.delivery(other)).status).toBe('pending');
  });

  test('leaves ended deliveries alone', async () => {
    const id = await log.addDelivery('one');
    await recordAttempts(log.pool, [succeeded(await log.claim(id))], { wakeAfterMs: 1000, health: HEALTH });
    await disable();
    expect(await end([id])).toEqual({ cancelled: 0, skipped: 0 });
    expect((await log.delivery(id)).status).toBe('succeeded');
  });

  test('keeps a delivery with a request under way until that is recorded, cancelled already', async () => {
    const id = await log.addDelivery('one');
    const { leaseToken } = await log.claim(id);
    await disable();
    expect(await end([id])).toEqual({ cancelled: 1, skipped: 0 });
    const kept = { status: 'cancelled', stage: 'admitted', ended: true, lease_token: leaseToken, finished: true };
    expect(await log.delivery(id)).toMatchObject(kept);
    expect(await end([id])).toEqual({ cancelled: 0, skipped: 0 });
  });

  test('counts a request under way until its lease has expired: no other one begins (I4)', async () => {
    await log.addWebhook('one', { ordering: 'fifo' });
    await log.accept({ id: 'a' });
    const first = (await log.deliveries())[0]?.id ?? '';
    await log.claim(first);
    await disable();
    await end([first]);
    await enable();
    await log.accept({ id: 'b' });
    const second = (await log.deliveries())[1]?.id ?? '';
    const claim = () => claimDeliveries(log.pool, [second], { leaseMs: 60_000, wakeAfterMs: 1000 });
    expect(await claim()).toEqual([]);
    await log.pass(61);
    expect(await claim()).toMatchObject([{ id: second, state: 'claimed' }]);
  });

  test('ends a delivery whose lease has expired', async () => {
    const id = await log.addDelivery('one');
    await log.claim(id);
    await log.pass(61);
    await disable();
    await end([id]);
    expect(await pending()).toBe(0);
  });

  test('finds the log in each partition, whatever the ages of the deliveries', async () => {
    const recent = await log.addDelivery('one');
    const { rows } = await log.pool.query<{ id: string }>(
      `WITH old AS (SELECT new_delivery_id(now() - interval '9 days') AS id, now() - interval '9 days' AS at), logged AS (
         INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at)
         SELECT id, 'old', 0, 'wh_one', 'alice', 'sync.completed', 'pending', at FROM old
       ), parked AS (
         INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
         SELECT id, 'wh_one', 1, 0, at, 'parked', at FROM old
       ) SELECT id FROM old`,
    );
    const old = rows[0]?.id ?? '';
    await disable();
    expect(await end([recent, old])).toEqual({ cancelled: 2, skipped: 0 });
    for (const id of [recent, old]) expect((await log.delivery(id)).status).toBe('cancelled');
  });
});

describe('ending in chunks', () => {
  test('ends two thousand in one commit, of every stage, until none is left', async () => {
    const ids = await log.addDeliveries(5000, { maxInFlight: 10 });
    await log.pool.query(`UPDATE pending_deliveries SET stage = 'backoff', wake_at = now() WHERE delivery_id = ANY ($1)`, [
      ids.slice(1000, 1500),
    ]);
    await disable();
    const chunks: (Ended | null)[] = [];
    do chunks.push(await endSupersededNext(log.pool));
    while (chunks.at(-1) !== null);
    const counts = chunks.map((chunk) => chunk?.cancelled);
    expect(counts.slice(0, 2)).toEqual([2000, 2000]);
    expect(counts).toContain(1000);
    expect(chunks.at(-1)).toBeNull();
    expect(await pending()).toBe(0);
    expect(new Set((await log.deliveries()).map(({ status }) => status))).toEqual(new Set(['cancelled']));
    expect(await cancellations()).toBe(0);
  });

  test('continues with the next webhook, in the order in which they were disabled', async () => {
    const [first, second] = [await log.addDelivery('first'), await log.addDelivery('second')];
    for (const id of ['wh_second', 'wh_first']) await log.pool.query('UPDATE webhooks SET enabled = false WHERE id = $1', [id]);
    await endSupersededNext(log.pool);
    expect((await log.delivery(second)).status).toBe('cancelled');
    expect((await log.delivery(first)).status).toBe('pending');
    await endAll();
    expect((await log.delivery(first)).status).toBe('cancelled');
  });

  test('is shared by many workers at once, and waits for nobody', async () => {
    for (let number = 0; number < 4; number += 1) await log.addDeliveries(300, { maxInFlight: 1 });
    await disable();
    const totals = await Promise.all(Array.from({ length: 4 }, endAll));
    await endAll();
    expect(await pending()).toBe(0);
    expect(totals.reduce((sum, { cancelled }) => sum + cancelled, 0)).toBeLessThanOrEqual(1200);
    expect(new Set((await log.deliveries()).map(({ status }) => status))).toEqual(new Set(['cancelled']));
  });

  test('leaves a delivery that another transaction has locked for a later chunk', async () => {
    const [locked = '', free = ''] = await log.addDeliveries(2);
    await disable();
    await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [locked], async () => {
      expect(await endSupersededNext(log.pool)).toEqual({ cancelled: 1, skipped: 0 });
      expect(await endSupersededNext(log.pool)).toEqual({ cancelled: 0, skipped: 0 });
    });
    expect((await log.delivery(free)).status).toBe('cancelled');
    expect(await endAll()).toEqual({ cancelled: 1, skipped: 0 });
    expect((await log.delivery(locked)).status).toBe('cancelled');
  });

  test('puts a webhook whose deliveries others have locked behind the next one', async () => {
    const [locked, free] = [await log.addDelivery('locked'), await log.addDelivery('free')];
    for (const id of ['wh_locked', 'wh_free']) await log.pool.query('UPDATE webhooks SET enabled = false WHERE id = $1', [id]);
    await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [locked], async () => {
      expect(await endSupersededNext(log.pool)).toEqual({ cancelled: 0, skipped: 0 });
      expect(await endSupersededNext(log.pool)).toEqual({ cancelled: 1, skipped: 0 });
    });
    expect((await log.delivery(free)).status).toBe('cancelled');
    expect(await endAll()).toEqual({ cancelled: 1, skipped: 0 });
  });

  test('keeps the note of a webhook that is disabled again while it runs', async () => {
    await log.addDelivery('one');
    await disable();
    const ender = await log.pool.connect();
    await ender.query('BEGIN');
    await endSupersededNext(ender);
    await ender.query('COMMIT');
    ender.release();
    await enable();
    await set("UPDATE webhooks SET event_types = '{*}'");
    await log.accept({});
    await disable();
    expect(await endAll()).toEqual({ cancelled: 1, skipped: 0 });
    expect(await pending()).toBe(0);
  });

  test('is nothing when no webhook is noted', async () => {
    await log.addDelivery();
    expect(await endSupersededNext(log.pool)).toBeNull();
  });
});

describe('disabling a webhook', () => {
  test('costs the same however many of its deliveries wait: it writes one row, and notes it', async () => {
    await log.addDeliveries(50, { maxInFlight: 1 });
    const versions = async () => (await set('SELECT xmin FROM pending_deliveries ORDER BY delivery_id')).rows;
    const before = await versions();
    await disable();
    expect(await versions()).toEqual(before);
    expect(await cancellations()).toBe(1);
  });

  test('starts a generation each time, and so does enabling; nothing else does', async () => {
    await log.addWebhook('one');
    const generation = async () => (await set('SELECT generation FROM webhooks')).rows[0] as unknown;
    await disable();
    expect(await generation()).toEqual({ generation: 2 });
    await disable();
    await set("UPDATE webhooks SET description = 'changed', paused_at = now(), disabled_reason = 'operator'");
    expect(await generation()).toEqual({ generation: 2 });
    await enable();
    expect(await generation()).toEqual({ generation: 3 });
  });
});
