import { createPublisher, type Publisher } from '@tidings/events';
import { startTidings as startProcesses, type Tidings as Processes } from '@tidings/local';
import { createTestDatabase, createTestRedis } from '@tidings/testing';
import { expectNoLeaks } from './leaks.js';
import { createUser, type User } from './user.js';

export interface TidingsOptions {
  /** Settings of all processes. */
  env?: Record<string, string>;
  /** The number of workers. Default 1. */
  workers?: number;
  /** The Redis of a test that stops or empties it. Default: the shared Redis, with a new key prefix. */
  redisUrl?: string;
}

export interface Tidings extends Omit<Processes, 'stop'> {
  /**
   * Creates a client of the API with a token of this user.
   *
   * @param scope such as `events:publish`; default: none
   */
  asUser: (name: string, scope?: string) => User;
  /** Publishes through Redis, like a service without the API. */
  publisher: Publisher;
  /** The Redis and the key prefix of its queues. */
  redis: { url: string; prefix: string };
  /** Stops all processes and deletes their data. Throws when the data or the output of a process contains a secret (I8). */
  stop: () => Promise<void>;
}

/** Starts the API and the workers as processes, as in production, with a new database. */
export async function startTidings({ env = {}, workers = 1, redisUrl }: TidingsOptions = {}): Promise<Tidings> {
  const database = await createTestDatabase();
  const testRedis = createTestRedis();
  const redis = { url: redisUrl ?? testRedis.url, prefix: testRedis.prefix };
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
        await expectNoLeaks({ databaseUrl: database.url, redis, redisMayBeDown: redisUrl !== undefined, output });
      } finally {
        await testRedis.drop();
        await database.drop();
      }
    },
  };
}
