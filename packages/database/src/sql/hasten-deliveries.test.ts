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

test('retries that wait are due now, in their webhook’s line', async () => {
  const [waiting = '', fresh = ''] = await log.addDeliveries(2);
  await fail(waiting);
  const { webhook_id: webhookId } = await log.delivery(waiting);
  expect(await hastenDeliveries(log.pool, webhookId)).toBe(1);
  expect(await log.delivery(waiting)).toMatchObject({ stage: 'parked', next_attempt_in: 0, wake_in: null, attempt_count: 1 });
  expect(await log.delivery(fresh)).toMatchObject({ stage: 'admitted' });
});

test('deliveries that the rate deferred are woken by the next round', async () => {
  const [deferred = '', underWay = ''] = await log.addDeliveries(2);
  await log.pool.query("UPDATE pending_deliveries SET wake_at = now() + interval '4 min'");
  await log.claim(underWay);
  await hastenDeliveries(log.pool, (await log.delivery(deferred)).webhook_id);
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
  expect(await hastenDeliveries(log.pool, (await log.delivery(replay)).webhook_id)).toBe(0);
  expect(await log.delivery(replay)).toMatchObject({ stage: 'backoff', next_attempt_in: 3600 });
  expect(await log.delivery(other)).toMatchObject({ stage: 'backoff', next_attempt_in: 3600 });
  expect(await log.delivery(underWay)).toMatchObject({ lease_token: leaseToken });
});
