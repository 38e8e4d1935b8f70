import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { RedisClient } from '@tidings/events';
import { createFaultProxy, createTestRedis, type FaultProxy, type TestRedis } from '@tidings/testing';
import { createDeliveriesQueue } from './deliveries-queue.js';
import { createJobCounts, type JobCounts } from './job-counts.js';
import { connectRedis } from './redis.js';

let redis: TestRedis;
let proxy: FaultProxy;
let commands: RedisClient;
let counts: JobCounts;
beforeEach(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  commands = connectRedis(proxy.url, 'command', () => undefined);
  counts = createJobCounts({ redis: commands, prefix: redis.prefix });
});
afterEach(async () => {
  await counts.close();
  commands.disconnect();
  await proxy.disconnect();
  await redis.drop();
});

const NONE = { waiting: 0, prioritized: 0, delayed: 0, active: 0, failed: 0 };

test('counts the jobs of each queue by state', async () => {
  const queue = createDeliveriesQueue({ redis: commands, prefix: redis.prefix });
  await queue.enqueue([
    { id: 'dlv_1', rank: 'first' },
    { id: 'dlv_2', rank: 'first' },
    { id: 'dlv_3' },
    { id: 'dlv_4', delayMs: 60_000 },
  ]);
  await queue.close();
  expect(await counts.read()).toEqual([
    { queue: 'events', counts: NONE },
    { queue: 'deliveries', counts: { ...NONE, waiting: 2, prioritized: 1, delayed: 1 } },
    { queue: 'expansions', counts: NONE },
    { queue: 'tests', counts: NONE },
  ]);
});

test('rejects while Redis is away, instead of counting zero jobs', async () => {
  await counts.read();
  await proxy.disconnect();
  await expect(counts.read()).rejects.toThrow();
});
