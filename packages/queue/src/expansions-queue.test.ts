import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { createTestRedis, type TestRedis } from '@tidings/testing';
import { createExpansionsQueue, EXPANSIONS_QUEUE, type ExpansionsQueue } from './expansions-queue.js';
import { connectRedis } from './redis.js';

let redis: TestRedis;
let commands: RedisClient;
let queue: ExpansionsQueue;
/** The same queue, opened with BullMQ alone. */
let inRedis: Queue;
beforeEach(() => {
  redis = createTestRedis();
  commands = connectRedis(redis.url, 'command', () => undefined);
  queue = createExpansionsQueue({ redis: commands, prefix: redis.prefix });
  inRedis = new Queue(EXPANSIONS_QUEUE, { connection: redis.client, prefix: redis.prefix });
});
afterEach(async () => {
  await queue.close();
  commands.disconnect();
  await inRedis.close();
  await redis.drop();
});

test('a call for a worker is one job for each position, and is removed when it ends', async () => {
  await queue.enqueue(7);
  await queue.enqueue(7);
  await queue.enqueue(8);
  const jobs = await inRedis.getWaiting();
  expect(jobs.map(({ data }) => data as unknown)).toEqual([{ position: 7 }, { position: 8 }]);
  expect(jobs[0]?.opts).toMatchObject({ attempts: 1000, removeOnComplete: true, removeOnFail: true });
});
