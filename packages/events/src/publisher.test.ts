import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { createCatalog } from './catalog.js';
import { gapsUpdated } from './catalog/gaps.js';
import { extractionStarted } from './catalog/extraction.js';
import { syncCompleted, syncFailed } from './catalog/sync.js';
import type { EventDraft } from './event.js';
import { EVENTS_QUEUE, type EventJob } from './events-queue.js';
import { createPublisher, type Publisher } from './publisher.js';
import { orderPlaced2, versionedCatalog } from '../test/versioned-catalog.js';

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

  test('enqueues a validated event', async () => {
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

  test('enqueues the version of an event', async () => {
    const versioned = createPublisher({ redis: redis.client, prefix: redis.prefix, catalog: versionedCatalog });
    await versioned.publish(orderPlaced2({ org_id: 'acme', total: '12.00' }));
    await versioned.close();
    expect((await queue.getWaiting()).map(({ name, data }) => ({ name, data }))).toMatchObject([
      { name: 'order.placed', data: { type: 'order.placed', version: 2, owner: 'acme' } },
    ]);
  });

  test('keeps the first of two events with the same id', async () => {
    expect(await publisher.publish(syncFailed({ user_id: 'alice', error_message: 'first' }, { id: '42' }))).toEqual({ id: '42' });
    expect(await publisher.publish(syncFailed({ user_id: 'alice', error_message: 'second' }, { id: '42' }))).toEqual({
      id: '42',
    });
    const jobs = await queue.getWaiting();
    expect(jobs.map(({ id, data }) => ({ id, data: data.data }))).toEqual([
      { id: 'event-42', data: '{"user_id":"alice","error_message":"first"}' },
    ]);
  });

  test('enqueues jobs with backoff and jitter that are removed when completed and kept when failed', async () => {
    await publisher.publish(failed);
    expect((await queue.getWaiting())[0]?.opts).toMatchObject({
      attempts: 20,
      backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
      removeOnComplete: true,
      removeOnFail: false,
    });
  });

  test('publishes a list in its order, and returns the ids', async () => {
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

  test('validates with the given catalog', async () => {
    const onlyGaps = createPublisher<EventDraft>({
      redis: redis.url,
      prefix: redis.prefix,
      catalog: createCatalog([gapsUpdated]),
    });
    await expect(onlyGaps.publish(failed)).rejects.toMatchObject({ errors: [{ field: 'type' }] });
    await onlyGaps.close();
  });

  test('does not close a client of the caller', async () => {
    const client = new Redis(redis.url);
    const clientPublisher = createPublisher({ redis: client, prefix: redis.prefix });
    await clientPublisher.publish(failed);
    await clientPublisher.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('can publish immediately after it was created, and not after it was closed', async () => {
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

  test('fails instead of blocking its caller, and publishes again when Redis is back', async () => {
    create();
    await publisher.publish(failed);
    await proxy.disconnect();
    await expect(publisher.publish([failed, failed])).rejects.toThrow();
    await proxy.restore();
    await eventually(() => publisher.publish(failed));
  });

  test('fails also when Redis was away from the start, and publishes when it is back', async () => {
    await proxy.disconnect();
    create();
    await expect(publisher.publish(failed)).rejects.toThrow('Redis cannot be reached: Error: connect ECONNREFUSED');
    // Also between two attempts to connect.
    await eventually(() => expect(publisher.publish(failed)).rejects.toThrow('enableOfflineQueue'));
    await proxy.restore();
    await eventually(() => publisher.publish(failed));
  });

  test('fails after the command timeout when Redis hangs', async () => {
    create(200);
    await publisher.publish(failed);
    proxy.freeze();
    await expect(publisher.publish(failed)).rejects.toThrow('Command timed out');
  });

  test('fails after the command timeout also when Redis hangs from the start', async () => {
    proxy.freeze();
    create(50);
    await expect(publisher.publish(failed)).rejects.toThrow('Redis cannot be reached: ');
  });

  test('still reports wrong fields first', async () => {
    await proxy.disconnect();
    create();
    await expect(publisher.publish({ ...failed, id: '' })).rejects.toMatchObject({ errors: [{ field: 'id' }] });
  });
});
