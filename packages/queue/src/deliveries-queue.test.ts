import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { createGate, createTestRedis, eventually, type Gate, type TestRedis } from '@tidings/testing';
import { createDeliveriesQueue, DELIVERIES_QUEUE, type DeliveriesQueue } from './deliveries-queue.js';
import { connectRedis } from './redis.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.js';

let redis: TestRedis;
let gate: Gate;
let commands: Redis;
let queue: DeliveriesQueue;
/** The same queue, as BullMQ sees it. */
let inRedis: Queue;
const open = (retry: Partial<RetryPolicy> = {}) => {
  commands = connectRedis(gate.url, 'command', () => undefined);
  queue = createDeliveriesQueue({ redis: commands, prefix: redis.prefix, retry: { ...DEFAULT_RETRY_POLICY, ...retry } });
};
beforeEach(async () => {
  redis = createTestRedis();
  gate = await createGate(redis.url);
  inRedis = new Queue(DELIVERIES_QUEUE, { connection: redis.client, prefix: redis.prefix });
});
afterEach(async () => {
  await queue.close();
  commands.disconnect();
  await gate.shut();
  await inRedis.close();
  await redis.drop();
});
const jobs = async (): Promise<Job[]> => inRedis.getJobs(['waiting', 'delayed', 'active', 'completed', 'failed'], 0, -1, true);

describe('an enqueued delivery', () => {
  test('is a job of its own id, which holds the id and nothing else', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    expect((await jobs()).map(({ id, name, data }) => ({ id, name, data: data as unknown }))).toEqual([
      { id: 'dlv_1', name: 'deliver', data: { id: 'dlv_1' } },
    ]);
  });

  test('has the attempts of the policy, exponential backoff with jitter, and leaves nothing behind', async () => {
    open({ maxAttempts: 4, initialDelayMs: 700, jitter: 0.25 });
    await queue.enqueue([{ id: 'dlv_1' }]);
    expect((await jobs())[0]?.opts).toMatchObject({
      attempts: 4,
      backoff: { type: 'exponential', delay: 700, jitter: 0.25 },
      removeOnComplete: true,
      removeOnFail: true,
    });
  });

  test('that was attempted before goes on where it was: fewer attempts, longer waits', async () => {
    open({ maxAttempts: 5, initialDelayMs: 1000 });
    await queue.enqueue([{ id: 'dlv_1', attemptCount: 3 }]);
    expect((await jobs())[0]?.opts).toMatchObject({ attempts: 2, backoff: { delay: 8000 } });
  });

  test('always has an attempt left, and never a longer wait than the longest', async () => {
    open({ maxAttempts: 3, initialDelayMs: 1000, maxDelayMs: 5000 });
    await queue.enqueue([{ id: 'dlv_1', attemptCount: 7 }]);
    expect((await jobs())[0]?.opts).toMatchObject({ attempts: 1, backoff: { delay: 5000 } });
  });

  test('is left alone when Redis still has a job for it', async () => {
    open({ maxAttempts: 5 });
    await queue.enqueue([{ id: 'dlv_1' }, { id: 'dlv_2' }]);
    await queue.enqueue([{ id: 'dlv_1', attemptCount: 2 }, { id: 'dlv_3' }, { id: 'dlv_3' }]);
    expect((await jobs()).map(({ id, opts }) => [id, opts.attempts]).sort()).toEqual([
      ['dlv_1', 5],
      ['dlv_2', 5],
      ['dlv_3', 5],
    ]);
  });

  test('is enqueued in its order, also among more than go to Redis at once', async () => {
    open();
    const ids = Array.from({ length: 1201 }, (_, index) => `dlv_${String(index)}`);
    await queue.enqueue(ids.map((id) => ({ id })));
    expect((await jobs()).map(({ id }) => id)).toEqual(ids);
  });
});

describe('while Redis is away, enqueueing', () => {
  test('fails at once, and works again when Redis is back', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    await gate.shut();
    await expect(queue.enqueue([{ id: 'dlv_2' }])).rejects.toThrow();
    await gate.open();
    await eventually(() => queue.enqueue([{ id: 'dlv_2' }]));
    expect((await jobs()).map(({ id }) => id)).toEqual(['dlv_1', 'dlv_2']);
  });

  test('fails also when Redis was not there at the start, and works when it comes', async () => {
    await gate.shut();
    open();
    await expect(queue.enqueue([{ id: 'dlv_1' }])).rejects.toThrow('Redis cannot be reached');
    // Also between two tries to connect.
    await eventually(() => expect(queue.enqueue([{ id: 'dlv_1' }])).rejects.toThrow('enableOfflineQueue'));
    await gate.open();
    await eventually(() => queue.enqueue([{ id: 'dlv_1' }]));
    expect((await jobs()).map(({ id }) => id)).toEqual(['dlv_1']);
  });
});
