import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { Cluster } from 'ioredis';
import { createPublisher, EVENTS_QUEUE, syncFailed, type EventJob, type RedisClient } from '@tidings/events';
import { startRedisCluster, temporaryFolder, type LocalRedis, type LocalRedisCluster } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { createDeliveriesQueue, DELIVERIES_QUEUE, type DeliveryJob } from './deliveries-queue.js';
import { connectRedis, pingRedis, type RedisPurpose } from './redis.js';
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
/** A worker that answers as it is told, and all that it was given. */
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
  test('deliveries are enqueued, also anew, and taken; retried, postponed and with a priority', async () => {
    const queue = deliveries();
    const many = ids('many', 1001);
    await queue.enqueue(many.map((one) => ({ ...one, priority: 1 })));
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

  test('a service publishes: with the addresses of some nodes, or with a client of its own', async () => {
    const taken = work<EventJob>(EVENTS_QUEUE);
    const publisher = createPublisher({ redis: cluster.url });
    const own = new Cluster(cluster.url.split(','));
    const withOwn = createPublisher({ redis: own });
    const published = [await publisher.publish(event()), ...(await withOwn.publish([event(), event()]))];
    await eventually(() => {
      expect(taken.map(({ id }) => id).toSorted()).toEqual(published.map(({ id }) => id).toSorted());
    });
    await publisher.close();
    await withOwn.close();
    own.disconnect();
  });

  test('whoever tests a webhook hears what came of it, whichever nodes they are connected to', async () => {
    const subscribers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const subscriber = connect('subscriber');
        const heard: string[] = [];
        subscriber.on('message', (_: string, message: string) => void heard.push(message));
        await subscriber.subscribe(testResultsChannel(PREFIX));
        return heard;
      }),
    );
    const turns = createTestLock({ redis: await ready(connect('command')), prefix: PREFIX });
    const test = { webhookId: 'wh_1', eventId: 'evt_1' };
    expect(await turns.begin(test, 5000)).toBe('evt_1');
    expect(await turns.begin({ ...test, eventId: 'evt_2' }, 5000)).toBe('evt_1');
    expect(await turns.take(test, 5000)).toBe(true);
    await turns.end({ ...test, result: 'failed' });
    await eventually(() => {
      for (const heard of subscribers)
        expect(heard.map((text) => JSON.parse(text) as unknown)).toEqual([{ ...test, result: 'failed' }]);
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
  { what: 'dies', prefix: '{tidings}', fail: ({ stop }: LocalRedis) => stop('SIGKILL'), isHeard: true },
  // A subscriber that is connected to it hears nothing until it goes on, since ioredis does not look whether it is there.
  { what: 'hangs', prefix: '{b}', fail: ({ pid }: LocalRedis) => void process.kill(pid, 'SIGSTOP'), isHeard: false },
])(
  'when the node of the queues $what, nobody waits for long, and all goes on when its replica has taken over',
  async ({ prefix, fail, isHeard }) => {
    const commands = await ready(connect('command'));
    const limits = await ready(connect('limits'));
    const subscriber = connect('subscriber');
    const heard: string[] = [];
    subscriber.on('message', (__: string, message: string) => void heard.push(message));
    await subscriber.subscribe('news');
    const queue = createDeliveriesQueue({ redis: commands, prefix });
    const taken = work<DeliveryJob>(DELIVERIES_QUEUE, { prefix });
    await queue.enqueue(ids('before', 1));
    await eventually(() => {
      expect(taken).toHaveLength(1);
    });

    await fail(await cluster.masterOf(prefix));
    await expectFailure(() => limits.exists(`${prefix}:none`), 1000);
    // Nobody agrees that it has failed before two seconds are over.
    await Promise.all([
      expectFailure(() => queue.enqueue(ids('lost', 1)), 4000),
      expectFailure(() => pingRedis(commands, prefix), 4000),
    ]);

    await eventually(() => pingRedis(commands, prefix));
    await eventually(() => limits.exists(`${prefix}:none`));
    await eventually(() => queue.enqueue(ids('after', 3)));
    // A worker gives up a connection that does not answer after 15 s.
    await eventually(() => {
      expect(taken.map(({ id }) => id)).toEqual(expect.arrayContaining(ids('after', 3).map(({ id }) => id)));
    }, 40_000);
    // The subscriber may have been connected to that node.
    if (isHeard) {
      await eventually(async () => {
        await commands.publish('news', 'heard');
        expect(heard).toContain('heard');
      });
    }
    await queue.close();
  },
  90_000,
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
