import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Cluster } from 'ioredis';
import { createPublisher, EVENTS_QUEUE, syncFailed, type EventJob, type RedisClient } from '@tidings/events';
import { startRedisCluster, temporaryFolder, type LocalRedis, type LocalRedisCluster } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { createDeliveriesQueue, DELIVERIES_QUEUE, type DeliveryJob } from './deliveries-queue.js';
import { createRedisCheck } from './redis-rights.js';
import { connectRedis, type RedisPurpose } from './redis.js';
import { createTestLock, testResultsChannel } from './test-lock.js';
import { createQueueWorker, type QueueWorker, type JobOutcome } from './worker.js';

const { folder, remove } = temporaryFolder();
const PREFIX = '{tidings}';
let cluster: LocalRedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster({ folder });
});
afterAll(async () => {
  await cluster.stop();
  remove();
});

const connections: RedisClient[] = [];
const workers: QueueWorker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(5000)));
  for (const connection of connections.splice(0)) connection.disconnect();
});
const connect = (purpose: RedisPurpose): RedisClient => {
  const connection = connectRedis(cluster.url, purpose, () => undefined);
  connections.push(connection);
  return connection;
};
/** Starts a worker that processes each job with the outcome of `answer`. Returns the data of the jobs that it took. */
const work = <Data>(
  queue: string,
  { prefix = PREFIX, answer = () => ({ action: 'finish' }) }: { prefix?: string; answer?: (times: number) => JobOutcome } = {},
) => {
  const taken: Data[] = [];
  const worker = createQueueWorker<Data>({
    queue,
    redis: connect('worker'),
    prefix,
    concurrency: 10,
    lockMs: 5000,
    process: (data) => Promise.resolve(answer(taken.push(data))),
    onError: () => undefined,
  });
  workers.push(worker);
  worker.start();
  return taken;
};
const deliveries = () => createDeliveriesQueue({ redis: connect('command'), prefix: PREFIX });
const ids = (name: string, count: number) => Array.from({ length: count }, (_, index) => ({ id: `${name}-${String(index)}` }));
const event = () => syncFailed({ user_id: 'alice', error_message: '' });

describe('on a Redis Cluster', () => {
  test('deliveries are enqueued, also with new job ids, and taken; retried, postponed and with a priority', async () => {
    const queue = deliveries();
    const many = ids('many', 1001);
    await queue.enqueue(many);
    await queue.enqueueOverdue(ids('overdue', 2));
    const answers: JobOutcome[] = [
      { action: 'postpone', delayMs: 1 },
      { action: 'retry', reason: 'none', delayMs: 1, priority: 2 },
    ];
    const taken = work<DeliveryJob>(DELIVERIES_QUEUE, { answer: (times) => answers[times - 1] ?? { action: 'finish' } });
    await eventually(() => {
      expect(taken).toHaveLength(1001 + 2 + answers.length);
    });
    expect(new Set(taken.map(({ id }) => id)).size).toBe(1001 + 2);
    await queue.close();
  });

  test('a service publishes with the addresses of some nodes, or with its own client', async () => {
    const taken = work<EventJob>(EVENTS_QUEUE);
    const publisher = createPublisher({ redis: cluster.url });
    const client = new Cluster(cluster.url.split(','));
    const clientPublisher = createPublisher({ redis: client });
    const published = [await publisher.publish(event()), ...(await clientPublisher.publish([event(), event()]))];
    await eventually(() => {
      expect(taken.map(({ id }) => id).toSorted()).toEqual(published.map(({ id }) => id).toSorted());
    });
    await publisher.close();
    await clientPublisher.close();
    client.disconnect();
  });

  test('every subscriber receives the outcome of a test, whichever node it is connected to', async () => {
    const subscribers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const subscriber = connect('subscriber');
        const received: string[] = [];
        subscriber.on('message', (_: string, message: string) => void received.push(message));
        await subscriber.subscribe(testResultsChannel(PREFIX));
        return received;
      }),
    );
    const testLock = createTestLock({ redis: await ready(connect('command')), prefix: PREFIX });
    const test = { webhookId: 'wh_1', eventId: 'evt_1' };
    expect(await testLock.acquire(test, 5000)).toBe('evt_1');
    expect(await testLock.acquire({ ...test, eventId: 'evt_2' }, 5000)).toBe('evt_1');
    expect(await testLock.claim(test, 5000)).toBe(true);
    await testLock.release(test, 'failed');
    await eventually(() => {
      for (const received of subscribers)
        expect(received.map((text) => JSON.parse(text) as unknown)).toEqual([{ ...test, result: 'failed' }]);
    });
  });

  test('a prefix without braces is refused, since its keys would be on several nodes', async () => {
    expect(() => createPublisher({ redis: cluster.url, prefix: 'tidings' })).toThrow('the prefix needs braces');
    const scattered = createDeliveriesQueue({ redis: await ready(connect('command')), prefix: 'tidings' });
    await expect(scattered.enqueue(ids('scattered', 2))).rejects.toThrow(/CROSSSLOT|same slot/);
    await scattered.close();
  });
});

test.each([
  { what: 'dies', prefix: '{tidings}', fail: ({ stop }: LocalRedis) => stop('SIGKILL'), isReceived: true },
  // A subscriber that is connected to the hanging node receives nothing until the node resumes: ioredis does not check it.
  { what: 'hangs', prefix: '{b}', fail: ({ pid }: LocalRedis) => void process.kill(pid, 'SIGSTOP'), isReceived: false },
])(
  'when the node of the queues $what, calls fail quickly, and everything works again when its replica has taken over',
  async ({ prefix, fail, isReceived }) => {
    const commands = await ready(connect('command'));
    const limits = await ready(connect('limits'));
    const subscriber = connect('subscriber');
    const received: string[] = [];
    subscriber.on('message', (__: string, message: string) => void received.push(message));
    await subscriber.subscribe('news');
    const queue = createDeliveriesQueue({ redis: commands, prefix });
    const taken = work<DeliveryJob>(DELIVERIES_QUEUE, { prefix });
    await queue.enqueue(ids('before', 1));
    await eventually(() => {
      expect(taken).toHaveLength(1);
    });

    const check = createRedisCheck(commands, prefix);
    await check();
    await fail(await cluster.masterOf(prefix));
    await expectFailure(() => limits.exists(`${prefix}:none`), 2000);
    // The cluster takes two seconds to agree that the node has failed.
    await Promise.all([expectFailure(() => queue.enqueue(ids('lost', 1)), 4000), expectFailure(check, 4000)]);

    await eventually(check);
    await eventually(() => limits.exists(`${prefix}:none`));
    await eventually(() => queue.enqueue(ids('after', 3)));
    // A worker closes a connection that does not answer for 15 s.
    await eventually(() => {
      expect(taken.map(({ id }) => id)).toEqual(expect.arrayContaining(ids('after', 3).map(({ id }) => id)));
    }, 60_000);
    // The subscriber may have been connected to that node.
    if (isReceived) {
      await eventually(async () => {
        await commands.publish('news', 'received');
        expect(received).toContain('received');
      });
    }
    await queue.close();
  },
);

async function ready(connection: RedisClient): Promise<RedisClient> {
  if (connection.status !== 'ready') await once(connection, 'ready');
  return connection;
}

async function expectFailure(call: () => Promise<unknown>, withinMs: number): Promise<void> {
  const begin = performance.now();
  await expect(call()).rejects.toThrow();
  expect(performance.now() - begin).toBeLessThan(withinMs);
}
