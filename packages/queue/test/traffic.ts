import { once } from 'node:events';
import { createPublisher, EVENTS_QUEUE, syncFailed, type RedisClient } from '@tidings/events';
import { follow } from '../src/watch-redis.js';
import { createQueueWorker } from '../src/worker.js';

interface TrafficOptions {
  /** A connection for the purpose `worker`. */
  jobs: RedisClient;
  /** The URL of the same Redis, for the publisher. */
  url: string;
  prefix: string;
}

/** Jobs that go through a Redis. */
export interface Traffic {
  /** Publishes an event with this id. */
  publish: (id: string) => Promise<unknown>;
  /** The ids of the events whose jobs the worker has processed. */
  processed: readonly string[];
  stop: () => Promise<void>;
}

/** Starts a worker of the queue `events`, and a publisher. */
export function startTraffic({ jobs, url, prefix }: TrafficOptions): Traffic {
  const processed: string[] = [];
  const worker = createQueueWorker<{ id: string }>({
    queue: EVENTS_QUEUE,
    redis: jobs,
    prefix,
    concurrency: 2,
    lockMs: 30_000,
    process: ({ id }) => {
      processed.push(id);
      return Promise.resolve({ action: 'finish' });
    },
    onError: () => undefined,
  });
  worker.start();
  const publisher = createPublisher({ redis: url, prefix });
  return {
    publish: (id) => publisher.publish(syncFailed({ user_id: 'alice', error_message: 'gone' }, { id })),
    processed,
    async stop() {
      await publisher.close();
      await worker.stop(1000);
    },
  };
}

/** Subscribes a connection, which follows that for commands, to a channel. Resolves with the messages, also those to come. */
export async function subscribeFollowing(subscriber: RedisClient, commands: RedisClient, channel: string): Promise<string[]> {
  follow(subscriber, commands);
  await Promise.all([once(commands, 'ready'), once(subscriber, 'ready')]);
  const received: string[] = [];
  subscriber.on('message', (_channel, message: string) => void received.push(message));
  await subscriber.subscribe(channel);
  return received;
}
