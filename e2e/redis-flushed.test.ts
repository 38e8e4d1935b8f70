import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { syncFailed } from '@tidings/events';
import { startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { createHold } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

const { folder, remove } = temporaryFolder();
let redis: LocalRedis;
let tidings: Tidings;
beforeAll(async () => {
  redis = await startRedis({ folder: join(folder, 'redis') });
  tidings = await startTidings({
    redisUrl: redis.url,
    env: {
      WORKER_CONCURRENCY: '2',
      DELIVERY_TIMEOUT_MS: '60000',
      DELIVERY_INITIAL_DELAY_MS: '3000',
      RECONCILE_INTERVAL_MS: '500',
    },
  });
});
afterAll(async () => {
  await tidings.stop();
  await redis.stop();
  remove();
});

test('delivers every accepted event after all data in Redis is deleted', async () => {
  const service = tidings.asUser('service', 'events:publish');
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => tidings.asUser(name)) as [User, User, User];
  const hold = createHold();
  const failingOnce = await startReceiver((attempt) => (attempt === 1 ? 503 : 200));
  const slow = await startReceiver(() => hold.released.then(() => 200));
  const prompt = await startReceiver();
  const [retried, inFlight, waiting] = [
    await alice.register(failingOnce),
    await bob.register(slow),
    await carol.register(prompt),
  ];
  const publish = (user: string, count: number) =>
    service.publish(Array.from({ length: count }, () => syncFailed({ user_id: user, error_message: '' })));

  // One delivery waits for its retry, two are in flight and use all slots of the worker, and ten wait for a worker.
  const forAlice = await publish('alice', 1);
  await eventually(async () => {
    expect(await alice.deliveryLog(retried)).toMatchObject([{ status: 'pending', attempt_count: 1 }]);
  });
  const forBob = await publish('bob', 2);
  await slow.waitFor(2);
  const forCarol = await publish('carol', 10);
  const client = new Redis(redis.url);
  // BullMQ's jobs that wait: those of the first priority, and the others.
  await eventually(async () => {
    const first = await client.llen(`${tidings.redis.prefix}:deliveries:wait`);
    expect(first + (await client.zcard(`${tidings.redis.prefix}:deliveries:prioritized`))).toBeGreaterThanOrEqual(10);
  });
  await client.flushall();
  expect(await client.dbsize()).toBe(0);
  client.disconnect();
  hold.release();

  // The reconciler enqueues a delivery without attempts 15 s after its acceptance, and a retry 15 s after its retry time.
  const logs = await Promise.all([
    alice.waitForDeliveries(retried, 1, DEADLINE_MS),
    bob.waitForDeliveries(inFlight, 2, DEADLINE_MS),
    carol.waitForDeliveries(waiting, 10, DEADLINE_MS),
  ]);
  for (const delivery of logs.flat()) expect(delivery.status).toBe('succeeded');
  // No process crashed, so there are no duplicates.
  expect(failingOnce.counts()).toEqual(times(2, forAlice));
  expect(slow.counts()).toEqual(times(1, forBob));
  expect(prompt.counts()).toEqual(times(1, forCarol));
});

const DEADLINE_MS = 90_000;

function times(count: number, ids: readonly string[]): Record<string, number> {
  return Object.fromEntries(ids.map((id) => [id, count]));
}
