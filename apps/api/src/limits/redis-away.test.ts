import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';

const event = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };
let corner: TestRedis;
let proxy: FaultProxy;
let api: TestApi;
beforeAll(async () => {
  corner = createTestRedis();
  proxy = await createFaultProxy(corner.url);
  api = await startApi({ limits: { perOwner: 3, perIp: 1000, publish: 3 }, limitsRedisUrl: proxy.url });
});
afterAll(async () => {
  await api.stop();
  await proxy.disconnect();
  await corner.drop();
});

const timed = async (request: PromiseLike<{ status: number }>) => {
  const startedAt = performance.now();
  return { status: (await request).status, ms: performance.now() - startedAt };
};

/** How many callers are counted in Redis. */
const counted = async () => (await api.redis.client.keys(`*${api.redis.prefix.slice(1, -1)}}:limit:user:*`)).length;

async function untilCountedInRedis(): Promise<void> {
  await eventually(async () => {
    const before = await counted();
    await api.as(`newcomer-${randomUUID()}`).get('/api/event-types');
    expect(await counted()).toBe(before + 1);
  });
}

test('while Redis is away, publishing goes on and limits hold, without a wait and without a 5xx', async () => {
  await proxy.disconnect();
  const service = api.as('service', 'events:publish');
  const published = [];
  for (let count = 0; count < 4; count += 1) published.push(await timed(service.post('/api/events').send(event)));
  expect(published.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
  const read = [];
  for (let count = 0; count < 4; count += 1) read.push(await timed(api.as('ann').get('/api/event-types')));
  expect(read.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(Math.max(...read.map(({ ms }) => ms))).toBeLessThan(1000);
  await proxy.restore();
  await untilCountedInRedis();
});

test('while Redis hangs, no request waits for it longer than a second', async () => {
  proxy.freeze();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => timed(api.as(`user-${String(index)}`).get('/api/event-types'))),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(1000);
  await proxy.restore();
  await untilCountedInRedis();
});
