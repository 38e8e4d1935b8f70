import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { createCatalog } from './catalog.js';
import { gapsUpdated } from './catalog/gaps.js';
import { extractionStarted } from './catalog/extraction.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import { EVENTS_QUEUE, type EventJob } from './events-queue.js';
import { createPublisher, type Publisher } from './publisher.js';

const failed = syncFailed({ user_id: 'alice', error_message: 'gone' });

describe('a publisher', () => {
  let redis: TestRedis;
  let queue: Queue<EventJob>;
  let publisher: Publisher;
  beforeAll(() => {
    redis = createTestRedis();
    queue = new Queue(EVENTS_QUEUE, { connection: redis.client, prefix: redis.prefix });
    publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
  });
  beforeEach(async () => {
    await queue.obliterate({ force: true });
  });
  afterAll(async () => {
    await publisher.close();
    await queue.close();
    await redis.drop();
  });

  test('enqueues an event as a valid one, whole', async () => {
    const { id } = await publisher.publish(
      syncCompleted(
        { user_id: 'alice', items_synced: 150, errors: 0, duration_s: 12.4 },
        { timestamp: '2026-03-01T01:30:00+02:00' },
      ),
    );
    const jobs = await queue.getWaiting();
    expect(jobs.map(({ name, data }) => ({ name, data }))).toEqual([
      {
        name: 'sync.completed',
        data: {
          id,
          type: 'sync.completed',
          owner: 'alice',
          timestamp: '2026-02-28T23:30:00.000Z',
          data: '{"user_id":"alice","items_synced":150,"errors":0,"duration_s":12.4}',
        },
      },
    ]);
  });

  test('makes one job of the same id twice: the first', async () => {
    expect(await publisher.publish(syncFailed({ user_id: 'alice', error_message: 'first' }, { id: '42' }))).toEqual({ id: '42' });
    expect(await publisher.publish(syncFailed({ user_id: 'alice', error_message: 'second' }, { id: '42' }))).toEqual({
      id: '42',
    });
    const jobs = await queue.getWaiting();
    expect(jobs.map(({ id, data }) => ({ id, data: data.data }))).toEqual([
      { id: 'event-42', data: '{"user_id":"alice","error_message":"first"}' },
    ]);
  });

  test('has its jobs retried with backoff and jitter, keeps the dead ones and forgets the done ones', async () => {
    await publisher.publish(failed);
    expect((await queue.getWaiting())[0]?.opts).toMatchObject({
      attempts: 20,
      backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
      removeOnComplete: true,
      removeOnFail: false,
    });
  });

  test('publishes a list in its order, and answers with the ids', async () => {
    const published = await publisher.publish([
      extractionStarted({ version: '1', entity_types: [] }, { id: 'a' }),
      failed,
      gapsUpdated({ user_id: 'bob', entity_type: 'label', entity_id: '1' }, { id: 'c' }),
    ]);
    expect(published).toEqual([{ id: 'a' }, { id: expect.stringMatching(/^evt_/) }, { id: 'c' }]);
    expect((await queue.getWaiting()).map(({ id }) => id)).toEqual(published.map(({ id }) => `event-${id}`));
    expect(await publisher.publish([])).toEqual([]);
  });

  test('enqueues nothing of a list in which one event is wrong, and names the field', async () => {
    const wrong = syncCompleted({ user_id: 'alice', items_synced: -1, errors: 0, duration_s: 1 });
    await expect(publisher.publish([failed, wrong])).rejects.toMatchObject({
      name: 'InvalidEventError',
      errors: [{ field: 'events[1].data.items_synced' }],
    });
    await expect(publisher.publish(wrong)).rejects.toMatchObject({ errors: [{ field: 'data.items_synced' }] });
    expect(await queue.getJobCounts()).toMatchObject({ waiting: 0, delayed: 0 });
  });

  test('checks against the catalog that it is given', async () => {
    const onlyGaps = createPublisher({ redis: redis.url, prefix: redis.prefix, catalog: createCatalog([gapsUpdated]) });
    await expect(onlyGaps.publish(failed)).rejects.toMatchObject({ errors: [{ field: 'type' }] });
    await onlyGaps.close();
  });

  test('leaves a client of the caller’s open', async () => {
    const own = new Redis(redis.url);
    const withOwn = createPublisher({ redis: own, prefix: redis.prefix });
    await withOwn.publish(failed);
    await withOwn.close();
    expect(await own.ping()).toBe('PONG');
    own.disconnect();
  });

  test('can publish at once when it is created, and no more when it is closed', async () => {
    const early = createPublisher({ redis: redis.url, prefix: redis.prefix });
    await early.publish(failed);
    await early.close();
    await expect(early.publish(failed)).rejects.toThrow();
    expect(await queue.getWaitingCount()).toBe(1);
  });
});

describe('while Redis is away, a publisher', () => {
  let redis: TestRedis;
  let proxy: FaultProxy;
  let publisher: Publisher;
  beforeEach(async () => {
    redis = createTestRedis();
    proxy = await createFaultProxy(redis.url);
  });
  afterEach(async () => {
    await publisher.close();
    await proxy.disconnect();
    await redis.drop();
  });
  const create = (commandTimeoutMs?: number) => {
    publisher = createPublisher({ redis: proxy.url, prefix: redis.prefix, ...(commandTimeoutMs && { commandTimeoutMs }) });
  };

  test('fails instead of holding its caller, and publishes again once Redis is back', async () => {
    create();
    await publisher.publish(failed);
    await proxy.disconnect();
    await expect(publisher.publish([failed, failed])).rejects.toThrow();
    await proxy.restore();
    await eventually(() => publisher.publish(failed));
  });

  test('fails also when Redis was never there, and publishes once it comes', async () => {
    await proxy.disconnect();
    create();
    await expect(publisher.publish(failed)).rejects.toThrow('Redis cannot be reached: Error: connect ECONNREFUSED');
    // Also between two tries to connect.
    await eventually(() => expect(publisher.publish(failed)).rejects.toThrow('enableOfflineQueue'));
    await proxy.restore();
    await eventually(() => publisher.publish(failed));
  });

  test('fails after the time that a command may take, when Redis hangs', async () => {
    create(200);
    await publisher.publish(failed);
    proxy.freeze();
    await expect(publisher.publish(failed)).rejects.toThrow('Command timed out');
  });

  test('fails after that time also when Redis hangs from the start', async () => {
    proxy.freeze();
    create(50);
    await expect(publisher.publish(failed)).rejects.toThrow('Redis cannot be reached: ');
  });

  test('still says first which field is wrong', async () => {
    await proxy.disconnect();
    create();
    await expect(publisher.publish({ ...failed, id: '' })).rejects.toMatchObject({ errors: [{ field: 'id' }] });
  });
});
