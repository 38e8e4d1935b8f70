import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { readBacklogged, releaseDeliveries } from './release-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string) => log.pool.query(change);
const parkAll = () => set("UPDATE deliveries SET stage = 'parked', wake_at = NULL");
const webhookOf = async (ids: readonly string[]) => (await log.delivery(ids[0] ?? '')).webhook_id;
const release = async (...webhookIds: string[]) =>
  (await releaseDeliveries(log.pool, webhookIds, 30_000)).map(({ id }) => id).sort();

describe('releasing the parked deliveries of a webhook', () => {
  test('gives its free slots to the first in the log, with a wake time (I2)', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    await parkAll();
    const webhook = await webhookOf(ids);
    expect(await release(webhook)).toEqual(ids.slice(0, 2).sort());
    expect(await log.delivery(ids[0] ?? '')).toMatchObject({
      status: 'pending',
      stage: 'admitted',
      wake_in: 30,
      lease_token: null,
    });
    expect(await log.delivery(ids[2] ?? '')).toMatchObject({ stage: 'parked', wake_in: null });
    expect(await release(webhook)).toEqual([]);
  });

  test('takes first attempts, then retries, then replays', async () => {
    const ids = await log.addDeliveries(6, { maxInFlight: 1 });
    await parkAll();
    const webhook = await webhookOf(ids);
    for (const [index, priority] of [2, 1, 0, 2, 1, 0].entries()) {
      await log.pool.query('UPDATE deliveries SET priority = $2 WHERE id = $1', [ids[index], priority]);
    }
    const order: { id: string; priority: number }[] = [];
    for (let count = 0; count < 6; count += 1) {
      order.push(...(await releaseDeliveries(log.pool, [webhook], 30_000)));
      await set("UPDATE deliveries SET stage = 'backoff' WHERE stage = 'admitted'");
    }
    expect(order.map(({ id }) => ids.indexOf(id))).toEqual([2, 5, 1, 4, 0, 3]);
    expect(order.map(({ priority }) => priority)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('takes one of a fifo webhook, and none while its slot is in use', async () => {
    const ids = await log.addDeliveries(3, { ordering: 'fifo' });
    await parkAll();
    const webhook = await webhookOf(ids);
    expect(await release(webhook)).toEqual([ids[0]]);
    expect(await release(webhook)).toEqual([]);
  });

  test('takes none while its circuit waits for a probe, and one when the probe is due', async () => {
    const ids = await log.addDeliveries(3);
    await parkAll();
    await set("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    const webhook = await webhookOf(ids);
    expect(await release(webhook)).toEqual([]);
    await log.pass(31);
    expect(await release(webhook)).toEqual([ids[0]]);
    expect(await release(webhook)).toEqual([]);
  });

  test.each([
    ['deleted', 'DELETE FROM webhooks'],
    ['disabled', "UPDATE webhooks SET enabled = false, disabled_reason = 'failing'"],
  ])('takes all when it is %s, to be skipped or cancelled', async (_, change) => {
    const ids = await log.addDeliveries(5, { maxInFlight: 1 });
    await parkAll();
    const webhook = await webhookOf(ids);
    await set(change);
    expect(await release(webhook)).toEqual([...ids].sort());
  });

  test('takes as many of each named webhook as it has free slots, and none of another webhook', async () => {
    const [one, two, other] = [
      await log.addDeliveries(3, { maxInFlight: 1 }),
      await log.addDeliveries(3, { maxInFlight: 2 }),
      await log.addDeliveries(2),
    ];
    await parkAll();
    expect(await release(await webhookOf(one), await webhookOf(two), 'unknown')).toEqual([one[0], ...two.slice(0, 2)].sort());
    expect((await log.delivery(other[0] ?? '')).stage).toBe('parked');
  });

  test('gives each delivery to one of several callers at once', async () => {
    const ids = await log.addDeliveries(20, { maxInFlight: 20 });
    await parkAll();
    const webhook = await webhookOf(ids);
    const shares = await Promise.all(Array.from({ length: 4 }, () => release(webhook)));
    expect(shares.flat().sort()).toEqual([...ids].sort());
  });
});

test('readBacklogged returns each webhook with parked deliveries once', async () => {
  expect(await readBacklogged(log.pool)).toEqual([]);
  const [one, two] = [await log.addDeliveries(5), await log.addDeliveries(5)];
  expect(await readBacklogged(log.pool)).toEqual([]);
  await parkAll();
  const idle = await log.addDeliveries(3);
  expect(await readBacklogged(log.pool)).toEqual([await webhookOf(one), await webhookOf(two)].sort());
  expect(await readBacklogged(log.pool)).not.toContain(await webhookOf(idle));
});
