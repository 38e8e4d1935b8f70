import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { answered, HEALTH } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { hastenDeliveries } from './hasten-deliveries.js';
import { recordAttempts } from './record-attempts.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

/** Lets an attempt of the delivery fail, so that it waits for an hour. */
const fail = async (id: string) => {
  const attempt = answered(await log.claim(id), 500, { status: 'pending', retryInMs: 3_600_000 });
  await recordAttempts(log.pool, [attempt], { wakeAfterMs: 15_000, health: HEALTH });
};

test('retries that wait are due one after the other, from now on', async () => {
  const [fresh = '', ...waiting] = await log.addDeliveries(4);
  for (const id of waiting) await fail(id);
  const { webhook_id: webhookId } = await log.delivery(fresh);
  expect(await hastenDeliveries(log.pool, webhookId, 0.01)).toBe(3);
  const due = await Promise.all([...waiting].sort().map((id) => log.delivery(id)));
  expect(due.map((delivery) => delivery.next_attempt_in)).toEqual([0, 100, 200]);
  expect(due.map((delivery) => delivery.wake_in)).toEqual([0, 100, 200]);
  expect(await log.delivery(fresh)).toMatchObject({ stage: 'admitted' });
});

test('however often they are hastened, no more are due in a second, and those that are due earlier keep their times', async () => {
  const [first = '', second = ''] = await log.addDeliveries(2);
  await fail(first);
  const { webhook_id: webhookId } = await log.delivery(first);
  const hasten = () => hastenDeliveries(log.pool, webhookId, 0.01);
  expect([await hasten(), await hasten(), await hasten()]).toEqual([1, 0, 0]);
  await fail(second);
  expect([await hasten(), await hasten()]).toEqual([1, 0]);
  expect([await log.delivery(first), await log.delivery(second)]).toMatchObject([
    { next_attempt_in: 0 },
    { next_attempt_in: 100 },
  ]);
  // Its own time comes before the next free one.
  await log.pool.query("UPDATE pending_deliveries SET next_attempt_at = now() + interval '150 s' WHERE delivery_id = $1", [
    second,
  ]);
  expect(await hasten()).toBe(0);
});

test('deliveries that the rate deferred are woken by the next round', async () => {
  const [deferred = '', underWay = ''] = await log.addDeliveries(2);
  await log.pool.query("UPDATE pending_deliveries SET wake_at = now() + interval '4 min'");
  await log.claim(underWay);
  await hastenDeliveries(log.pool, (await log.delivery(deferred)).webhook_id, 10);
  expect((await wakeDeliveries(log.pool, { againAfterMs: 15_000 })).admitted.map(({ id }) => id)).toEqual([deferred]);
});

test('replays, other webhooks and requests under way are left alone', async () => {
  const [replay = '', underWay = ''] = await log.addDeliveries(2);
  const other = await log.addDelivery();
  await fail(other);
  await log.pool.query(
    `UPDATE pending_deliveries SET stage = 'backoff', priority = 2, replay = true, next_attempt_at = now() + interval '1 h',
       wake_at = now() + interval '1 h' WHERE delivery_id = $1`,
    [replay],
  );
  const { leaseToken } = await log.claim(underWay);
  expect(await hastenDeliveries(log.pool, (await log.delivery(replay)).webhook_id, 10)).toBe(0);
  expect(await log.delivery(replay)).toMatchObject({ stage: 'backoff', next_attempt_in: 3600 });
  expect(await log.delivery(other)).toMatchObject({ stage: 'backoff', next_attempt_in: 3600 });
  expect(await log.delivery(underWay)).toMatchObject({ lease_token: leaseToken });
});
