import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue, Worker, type Job } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { createDeliveriesQueue, DELIVERIES_QUEUE, type DeliveriesQueue } from './deliveries-queue.js';
import { connectRedis } from './redis.js';

let redis: TestRedis;
let proxy: FaultProxy;
let commands: RedisClient;
let queue: DeliveriesQueue;
/** The same queue, opened with BullMQ alone. */
let inRedis: Queue;
const open = () => {
  commands = connectRedis(proxy.url, 'command', () => undefined);
  queue = createDeliveriesQueue({ redis: commands, prefix: redis.prefix });
};
beforeEach(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  inRedis = new Queue(DELIVERIES_QUEUE, { connection: redis.client, prefix: redis.prefix });
});
afterEach(async () => {
  await queue.close();
  commands.disconnect();
  await proxy.disconnect();
  await inRedis.close();
  await redis.drop();
});
const jobs = async (): Promise<Job[]> =>
  inRedis.getJobs(['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'], 0, -1, true);

describe('an enqueued delivery', () => {
  test('is a job with the id of the delivery, and with no other data', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    expect((await jobs()).map(({ id, name, data }) => ({ id, name, data: data as unknown }))).toEqual([
      { id: 'dlv_1', name: 'deliver', data: { id: 'dlv_1' } },
    ]);
  });

  test('has attempts and BullMQ’s exponential backoff, and is removed when it ends', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    expect((await jobs())[0]?.opts).toMatchObject({
      attempts: 1000,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: true,
      removeOnFail: true,
    });
  });

  test('is not changed when Redis still has a job for it', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }, { id: 'dlv_2' }]);
    await queue.enqueue([{ id: 'dlv_1', rank: 'first' }, { id: 'dlv_3' }, { id: 'dlv_3' }]);
    expect((await jobs()).map(({ id, opts }) => [id, opts.priority]).sort()).toEqual([
      ['dlv_1', 2],
      ['dlv_2', 2],
      ['dlv_3', 2],
    ]);
  });

  test('gets another job when it is enqueued with a new job id', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    await queue.enqueue([{ id: 'dlv_1', newJobId: true }]);
    await queue.enqueue([{ id: 'dlv_1', newJobId: true }]);
    expect((await jobs()).map(({ data }) => data as unknown)).toEqual(Array(3).fill({ id: 'dlv_1' }));
  });

  test('gets another job when it is overdue and Redis has only a delayed job for it', async () => {
    open();
    await inRedis.add('deliver', { id: 'dlv_1' }, { jobId: 'dlv_1', delay: 3_600_000 });
    await queue.enqueue([{ id: 'dlv_2' }]);
    await queue.enqueueOverdue([{ id: 'dlv_1' }, { id: 'dlv_2' }, { id: 'dlv_3' }]);
    expect(await inRedis.getDelayedCount()).toBe(1);
    expect((await inRedis.getPrioritized()).map(({ data }) => (data as { id: string }).id).sort()).toEqual([
      'dlv_1',
      'dlv_2',
      'dlv_3',
    ]);
  });

  test('comes before all others when it is the first of an idle webhook, then those of webhooks without a line; the others come in their order', async () => {
    open();
    await queue.enqueue([{ id: 'one' }, { id: 'two' }, { id: 'fresh', rank: 'fresh' }, { id: 'first', rank: 'first' }]);
    const taken: string[] = [];
    const connection = redis.client.duplicate({ maxRetriesPerRequest: null });
    const worker = new Worker(DELIVERIES_QUEUE, ({ id }) => Promise.resolve(void taken.push(id ?? '')), {
      connection,
      prefix: redis.prefix,
    });
    await eventually(() => {
      expect(taken).toEqual(['first', 'fresh', 'one', 'two']);
    });
    await worker.close();
    connection.disconnect();
  });

  test('keeps its place in the order, also when the deliveries go to Redis in several batches', async () => {
    open();
    const ids = Array.from({ length: 1201 }, (_, index) => `dlv_${String(index)}`);
    await queue.enqueue(ids.map((id) => ({ id })));
    expect((await jobs()).map(({ id }) => id)).toEqual(ids);
  });
});

describe('the line', () => {
  test('has the jobs that a worker may take now', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1', rank: 'first' }, { id: 'dlv_2' }, { id: 'dlv_3', delayMs: 60_000 }]);
    expect(await queue.line.read()).toBe(2);
    expect(queue.line.length()).toBe(2);
  });

  test('contains jobs from the moment at which they are enqueued, before Redis has them', async () => {
    open();
    await queue.line.read();
    const enqueued = queue.enqueue([{ id: 'dlv_1' }, { id: 'dlv_2' }]);
    expect(queue.line.length()).toBe(2);
    await enqueued;
  });
});

describe('while Redis is away, enqueueing', () => {
  test('fails immediately, and works again when Redis is back', async () => {
    open();
    await queue.enqueue([{ id: 'dlv_1' }]);
    await proxy.disconnect();
    await expect(queue.enqueue([{ id: 'dlv_2' }])).rejects.toThrow();
    await proxy.restore();
    await eventually(() => queue.enqueue([{ id: 'dlv_2' }]));
    expect((await jobs()).map(({ id }) => id)).toEqual(['dlv_1', 'dlv_2']);
  });

  test('fails also when Redis was away from the start, and works when it is back', async () => {
    await proxy.disconnect();
    open();
    await expect(queue.enqueue([{ id: 'dlv_1' }])).rejects.toThrow('Redis cannot be reached');
    // Also between two attempts to connect.
    await eventually(() => expect(queue.enqueue([{ id: 'dlv_1' }])).rejects.toThrow('enableOfflineQueue'));
    await proxy.restore();
    await eventually(() => queue.enqueue([{ id: 'dlv_1' }]));
    expect((await jobs()).map(({ id }) => id)).toEqual(['dlv_1']);
  });
});
