import { createPublisher, type Publisher } from '@tidings/events';
import { startTidings as startProcesses, type Tidings as Processes } from '@tidings/local';
import { createTestDatabase, createTestRedis } from '@tidings/testing';
import { expectNoLeaks } from './leaks.js';
import { createUser, type User } from './user.js';

export interface TidingsOptions {
  /** Settings that the story needs. Durations are in milliseconds. */
  env?: Record<string, string>;
  /** How many workers to begin with. Default 1. */
  workers?: number;
  /** A Redis of the test's own, for those that stop or empty it. Default: a corner of the shared one. */
  redisUrl?: string;
}

export interface Tidings extends Omit<Processes, 'token' | 'stop'> {
  /**
   * @param scope such as `events:publish`; default: none
   */
  asUser: (name: string, scope?: string) => User;
  /** What a service uses that publishes through Redis instead of the API. */
  publisher: Publisher;
  /** Where its queues are. */
  redis: { url: string; prefix: string };
  /** Stops every process, and deletes what they stored. Throws when that, or a log, holds a secret (I8). */
  stop: () => Promise<void>;
}

/** The API and the worker as the processes that they are in production, with a database and a Redis of this test file's own. */
export async function startTidings({ env = {}, workers = 1, redisUrl }: TidingsOptions = {}): Promise<Tidings> {
  const database = await createTestDatabase();
  const corner = createTestRedis();
  const redis = { url: redisUrl ?? corner.url, prefix: corner.prefix };
  let output = '';
  const processes = await startProcesses({
    databaseUrl: database.url,
    redisUrl: redis.url,
    prefix: redis.prefix,
    workers,
    env,
    onOutput: (text) => (output += text),
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  });
  const publisher = createPublisher({ redis: redis.url, prefix: redis.prefix });
  return {
    ...processes,
    asUser: (name, scope) => createUser(processes.url, processes.token(name, scope)),
    publisher,
    redis,
    async stop() {
      await publisher.close();
      await processes.stop();
      try {
        await expectNoLeaks({ databaseUrl: database.url, redis, redisMayBeGone: redisUrl !== undefined, output });
      } finally {
        await corner.drop();
        await database.drop();
      }
    },
  };
}
