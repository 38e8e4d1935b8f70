import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';

/**
 * A request waits a quarter of a second for each of its limits; other commands wait two seconds for Redis. On a busy machine any one
 * request may be as slow, but all of them only if they wait for as long.
 */
const LIMIT_MS = 2000;
const event = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };
let redis: TestRedis;
let proxy: FaultProxy;
let api: TestApi;
beforeAll(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  api = await startApi({ limits: { perOwner: 3, perIp: 1000, publish: 3 }, limitsRedisUrl: proxy.url });
});
afterAll(async () => {
  await api.stop();
  await proxy.disconnect();
  await redis.drop();
});

const timed = async (request: PromiseLike<{ status: number }>) => {
  const startedAt = performance.now();
  return { status: (await request).status, ms: performance.now() - startedAt };
};

/** The number of owners whose requests Redis counts. */
const countedOwners = async () => (await api.redis.client.keys(`*${api.redis.prefix.slice(1, -1)}}:limit:owner:*`)).length;

async function waitForCountsInRedis(): Promise<void> {
  await eventually(async () => {
    const before = await countedOwners();
    await api.as(`owner-${randomUUID()}`).get('/api/event-types');
    expect(await countedOwners()).toBe(before + 1);
  });
}

test('while Redis is unavailable, publishing works and limits apply, without a wait and without a 5xx', async () => {
  await proxy.disconnect();
  const service = api.as('service', 'events:publish');
  const published = [];
  for (let count = 0; count < 4; count += 1) published.push(await timed(service.post('/api/events').send(event)));
  expect(published.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
  const read = [];
  for (let count = 0; count < 4; count += 1) read.push(await timed(api.as('ann').get('/api/event-types')));
  expect(read.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(Math.min(...read.map(({ ms }) => ms))).toBeLessThan(LIMIT_MS);
  await proxy.restore();
  await waitForCountsInRedis();
});

test('while Redis hangs, no request waits for Redis as long as for other commands', async () => {
  proxy.freeze();
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, index) => timed(api.as(`owner-${String(index)}`).get('/api/event-types'))),
  );
  expect(responses.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  expect(Math.min(...responses.map(({ ms }) => ms))).toBeLessThan(LIMIT_MS);
  await proxy.restore();
  await waitForCountsInRedis();
});
