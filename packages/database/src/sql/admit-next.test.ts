import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog, type WebhookOptions } from '../../test/log.js';
import { admitNext, admitOf, type AdmitOptions } from './admit-next.js';
import { claimDeliveries } from './claim-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string) => log.pool.query(change);
const parkAll = () => set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
/** Adds a webhook with this many parked deliveries, and returns their ids in the order of the log. */
const addLine = async (webhookId: string, count: number, options: WebhookOptions = {}) => {
  await log.addWebhook(webhookId, { ...options, eventTypes: [webhookId] });
  const { rows } = await log.pool.query<{ id: string }>(
    `WITH line AS (SELECT new_delivery_id(now() + n * interval '1 ms') AS id, n FROM generate_series(1, $2::int) AS n), logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at)
       SELECT id, 'evt_' || n, n, $1, 'alice', 'sync.completed', 'pending', now() FROM line
     ), parked AS (
       INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
       SELECT id, $1, 1, n, now(), 'parked', now() FROM line
     ) SELECT id FROM line ORDER BY n`,
    [webhookId, count],
  );
  return rows.map(({ id }) => id);
};
const ALL: AdmitOptions = { after: '', deliveries: 1000, perWebhook: 1000, wakeAfterMs: 30_000 };
const admit = async (options: Partial<AdmitOptions> = {}) => {
  const { admitted, cursor } = await admitNext(log.pool, { ...ALL, ...options });
  return { ids: admitted.map(({ id }) => id), cursor };
};
const idsOf = async (options: Partial<AdmitOptions> = {}) => (await admit(options)).ids.sort();
const cancellations = async () =>
  (await log.pool.query<{ id: string }>('SELECT webhook_id AS id FROM cancellations ORDER BY 1')).rows.map(({ id }) => id);

describe('admitting the parked deliveries of a webhook', () => {
  test('gives its free slots to the first in the log, with a wake time (I2)', async () => {
    const ids = await addLine('one', 4, { maxInFlight: 2 });
    expect(await idsOf()).toEqual(ids.slice(0, 2).sort());
    const admitted = { status: 'pending', stage: 'admitted', wake_in: 30, lease_token: null };
    expect(await log.delivery(ids[0] ?? '')).toMatchObject(admitted);
    expect(await log.delivery(ids[2] ?? '')).toMatchObject({ stage: 'parked', wake_in: null });
    expect(await idsOf()).toEqual([]);
  });

  test('takes first attempts, then retries, then replays, and returns their priorities', async () => {
    const ids = await addLine('one', 6, { maxInFlight: 1 });
    for (const [index, priority] of [2, 1, 0, 2, 1, 0].entries()) {
      await log.pool.query('UPDATE pending_deliveries SET priority = $2 WHERE delivery_id = $1', [ids[index], priority]);
    }
    const order: { id: string; priority: number }[] = [];
    for (let count = 0; count < 6; count += 1) {
      order.push(...(await admitNext(log.pool, ALL)).admitted);
      await set("DELETE FROM pending_deliveries WHERE stage = 'admitted'");
    }
    expect(order.map(({ id }) => ids.indexOf(id))).toEqual([2, 5, 1, 4, 0, 3]);
    expect(order.map(({ priority }) => priority)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test.each([
    ['a retry', 1, 29, 'first'],
    ['a retry', 1, 31, 'old'],
    ['a replay', 2, 59, 'first'],
    ['a replay', 2, 61, 'old'],
  ])('takes %s (priority %i) that has waited for %i seconds, and a first attempt behind it: the %s one', async (...row) => {
    const [, priority, seconds, expected] = row;
    const [old = '', first = ''] = await addLine('one', 2, { maxInFlight: 1 });
    await log.pool.query(
      'UPDATE pending_deliveries SET priority = $2, next_attempt_at = now() - make_interval(secs => $3) WHERE delivery_id = $1',
      [old, priority, seconds],
    );
    expect(await idsOf()).toEqual([expected === 'old' ? old : first]);
  });

  test('takes one of a fifo webhook, in the order of the log, and none while its slot is in use', async () => {
    const ids = await addLine('one', 3, { ordering: 'fifo' });
    await log.pool.query('UPDATE pending_deliveries SET priority = 1 WHERE delivery_id = $1', [ids[0]]);
    expect(await idsOf()).toEqual([ids[0]]);
    expect(await idsOf()).toEqual([]);
  });

  test.each([
    ['behind its line', '1 s', 1],
    ['before its line when it has waited for a minute, so that a line which is never empty does not starve it', '1 min', 0],
  ])('takes a replay of a fifo webhook %s', async (_, waited, expected) => {
    const ids = await addLine('one', 3, { ordering: 'fifo' });
    await log.pool.query(
      'UPDATE pending_deliveries SET priority = 2, next_attempt_at = now() - $2::interval WHERE delivery_id = $1',
      [ids[0], waited],
    );
    expect(await idsOf()).toEqual([ids[expected]]);
  });

  test('takes none of a fifo webhook while a delivery of its line waits for its next attempt, and one of others', async () => {
    const fifo = await addLine('fifo', 2, { ordering: 'fifo' });
    const other = await addLine('other', 2);
    await log.pool.query(
      "UPDATE pending_deliveries SET stage = 'backoff', next_attempt_at = now() + interval '1 h', wake_at = now() + interval '1 h' WHERE delivery_id = ANY ($1)",
      [[fifo[0], other[0]]],
    );
    expect(await idsOf()).toEqual([other[1]]);
  });

  test('takes none while its circuit waits for a probe, and one when the probe is due', async () => {
    const ids = await addLine('one', 3);
    await set("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    expect(await idsOf()).toEqual([]);
    await log.pass(31);
    expect(await idsOf()).toEqual([ids[0]]);
    expect(await idsOf()).toEqual([]);
  });

  test('takes no more than there are slots besides requests under way, also those of cancelled deliveries', async () => {
    const ids = await addLine('one', 3, { maxInFlight: 2 });
    const [first] = await idsOf({ perWebhook: 1 });
    await claimDeliveries(log.pool, [first ?? ''], { leaseMs: 60_000, wakeAfterMs: 30_000 });
    await set("UPDATE pending_deliveries SET ended = true WHERE stage = 'admitted'");
    expect(await idsOf()).toEqual([ids[1]]);
  });

  test('skips a delivery that another transaction has locked', async () => {
    const ids = await addLine('one', 3, { maxInFlight: 2 });
    const lock = 'SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE';
    expect(await log.whileHeld(lock, [ids[0]], idsOf)).toEqual(ids.slice(1).sort());
  });

  test('does not wait while another transaction changes the webhook', async () => {
    const ids = await addLine('one', 1);
    expect(await log.whileHeld("UPDATE webhooks SET description = 'changed'", [], idsOf)).toEqual(ids);
  });

  test('gives each delivery to one of several callers at once', async () => {
    const ids = await addLine('one', 20, { maxInFlight: 20 });
    const shares = await Promise.all(Array.from({ length: 4 }, () => idsOf()));
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });
});

describe('webhooks with a line', () => {
  test('take turns in the order of their ids: a call ends at its number of deliveries, and the next one goes on behind', async () => {
    const [a, b, c] = [await addLine('a', 50), await addLine('b', 50), await addLine('c', 50)];
    const first = await admit({ deliveries: 4, perWebhook: 2 });
    expect(first).toEqual({ ids: expect.arrayContaining([...a.slice(0, 2), ...b.slice(0, 2)]), cursor: 'b' });
    const second = await admit({ deliveries: 4, perWebhook: 2, after: 'b' });
    expect(second).toEqual({ ids: expect.arrayContaining(c.slice(0, 2)), cursor: null });
    const third = await admit({ deliveries: 4, perWebhook: 2, after: '' });
    expect(third.ids.sort()).toEqual([...a.slice(2, 4), ...b.slice(2, 4)].sort());
  });

  test('get no more than their part in one turn, and no more than their free slots', async () => {
    const [narrow, wide] = [await addLine('narrow', 9, { maxInFlight: 1 }), await addLine('wide', 9, { maxInFlight: 9 })];
    expect(await idsOf({ perWebhook: 3 })).toEqual([...narrow.slice(0, 1), ...wide.slice(0, 3)].sort());
  });

  test('without a free slot give their turn to the next one', async () => {
    await addLine('a', 2);
    await set("UPDATE webhooks SET paused_at = now() WHERE id = 'a'");
    const b = await addLine('b', 1);
    expect(await admit({ deliveries: 1 })).toEqual({ ids: b, cursor: null });
  });

  test('are looked at two hundred at a time, however many have no free slot', async () => {
    for (let number = 0; number < 201; number += 1) await addLine(`wh_${String(number).padStart(3, '0')}`, 1);
    await set("UPDATE webhooks SET paused_at = now() WHERE id < 'wh_200'");
    const first = await admit({ deliveries: 1 });
    expect(first).toEqual({ ids: [], cursor: 'wh_199' });
    const second = await admit({ deliveries: 1, after: 'wh_199' });
    expect(second).toEqual({ ids: [expect.any(String)], cursor: null });
  });

  test('are none when nothing is parked, or only behind the cursor', async () => {
    expect(await admit()).toEqual({ ids: [], cursor: null });
    await addLine('a', 1);
    expect(await admit({ after: 'a' })).toEqual({ ids: [], cursor: null });
  });

  test('do not include those that only have deliveries admitted or in backoff', async () => {
    await log.addDelivery('busy');
    expect(await admit()).toEqual({ ids: [], cursor: null });
  });
});

describe('a line of an earlier generation', () => {
  test.each([
    ['was disabled', 'UPDATE webhooks SET enabled = false'],
    ['was deleted', 'DELETE FROM webhooks'],
  ])('is not admitted when its webhook %s: the webhook is noted, so that its deliveries are ended', async (_, change) => {
    await addLine('one', 3);
    await set(change);
    await set('DELETE FROM cancellations');
    expect(await idsOf()).toEqual([]);
    expect(await cancellations()).toEqual(['one']);
  });

  test('is passed over when its webhook was enabled again, and the line of the present one is admitted', async () => {
    const earlier = await addLine('one', 2, { maxInFlight: 10 });
    await set('UPDATE webhooks SET enabled = false');
    await set("UPDATE webhooks SET enabled = true, event_types = '{*}'");
    await set('DELETE FROM cancellations');
    await log.accept({});
    await parkAll();
    const present = (await log.deliveries()).map(({ id }) => id).filter((id) => !earlier.includes(id));
    expect(await idsOf()).toEqual(present);
    expect(await cancellations()).toEqual(['one']);
  });

  test('is not noted again while it is noted', async () => {
    await addLine('one', 1);
    await set('UPDATE webhooks SET enabled = false');
    const noted = async () => (await log.pool.query('SELECT * FROM cancellations')).rows;
    const before = await noted();
    await admit();
    expect(await noted()).toEqual(before);
  });
});

describe('admitting the parked deliveries of named webhooks', () => {
  const admitNamed = async (...webhookIds: string[]) => (await admitOf(log.pool, webhookIds, 30_000)).map(({ id }) => id).sort();

  test('gives each its free slots, and none to another webhook', async () => {
    const [one, two] = [await addLine('one', 3, { maxInFlight: 1 }), await addLine('two', 3, { maxInFlight: 2 })];
    const [other] = await addLine('other', 1);
    expect(await admitNamed('one', 'two', 'unknown')).toEqual([...one.slice(0, 1), ...two.slice(0, 2)].sort());
    expect(await log.delivery(one[0] ?? '')).toMatchObject({ stage: 'admitted', wake_in: 30 });
    expect((await log.delivery(other ?? '')).stage).toBe('parked');
    expect(await admitNamed('one', 'two')).toEqual([]);
  });

  test('admits nothing of a webhook that was disabled, or of an earlier generation', async () => {
    await addLine('one', 1);
    await set('UPDATE webhooks SET enabled = false');
    expect(await admitNamed('one')).toEqual([]);
    await set('UPDATE webhooks SET enabled = true');
    expect(await admitNamed('one')).toEqual([]);
  });
});
