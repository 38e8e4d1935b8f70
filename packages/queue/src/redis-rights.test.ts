import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/events';
import { createTestRedis, eventually, type TestRedis } from '@tidings/testing';
import { RedisError } from './redis-problem.js';
import { createRedisCheck, findMissingRights } from './redis-rights.js';
import { connectRedis, type RedisPurpose } from './redis.js';
import { createQueueWorker } from './worker.js';

let redis: TestRedis;
let user: string;
let url: string;
const cleanups: (() => unknown)[] = [];
const grant = (...rules: string[]) => redis.client.call('ACL', 'SETUSER', user, ...rules);
beforeEach(async () => {
  redis = createTestRedis();
  user = `user-${randomBytes(6).toString('hex')}`;
  // A new user of Redis 6.2 may use all channels.
  await grant('on', '>pw', `~${redis.prefix}:*`, 'resetchannels', `&${redis.prefix}:*`, '+@all');
  const withUser = new URL(redis.url);
  [withUser.username, withUser.password] = [user, 'pw'];
  url = withUser.href;
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await redis.client.call('ACL', 'DELUSER', user);
  await redis.drop();
});
const open = async (purpose: RedisPurpose = 'command'): Promise<RedisClient> => {
  const client = connectRedis(url, purpose, () => undefined);
  cleanups.push(() => {
    client.disconnect();
  });
  await once(client, 'ready');
  return client;
};

describe('a user with few rights', () => {
  test('that has all of them passes, and leaves no key but the one that every check writes', async () => {
    expect(await findMissingRights(await open(), redis.prefix)).toBeNull();
    expect(await redis.client.keys(`${redis.prefix.replace(/[{}]/g, '\\$&')}*`)).toEqual([`${redis.prefix}:writable`]);
  });

  test.each([
    [['-info'], ['INFO']],
    [
      ['-eval', '-evalsha'],
      ['EVAL', 'EVALSHA'],
    ],
    [
      ['-zadd', '-bzpopmin'],
      ['ZADD', 'BZPOPMIN'],
    ],
    [['-@hash'], ['HSET', 'HMSET', 'HINCRBY', 'HGET', 'HMGET', 'HGETALL', 'HEXISTS', 'HLEN', 'HSCAN', 'HDEL']],
    [['resetchannels', '&other'], ['PUBLISH']],
  ])('that lacks some is told which: %j', async (rules, commands) => {
    const client = await open();
    const check = createRedisCheck(client, redis.prefix);
    await check();
    await grant(...rules);
    expect((await findMissingRights(client, redis.prefix))?.commands).toEqual(commands);
    const shown =
      commands.length > 5 ? `${commands.slice(0, 5).join(', ')}, ${String(commands.length - 5)} more` : commands.join(', ');
    const error: unknown = await createRedisCheck(client, redis.prefix)().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RedisError);
    expect(error).toMatchObject({ readiness: `the Redis user may not run ${shown} (NOPERM)` });
    await grant('+@all', `&${redis.prefix}:*`);
    await check();
  });

  test('that may not touch the keys of the prefix is not ready', async () => {
    await grant('resetkeys', '~other:*');
    await expect(createRedisCheck(await open(), redis.prefix)()).rejects.toThrow('SET, EVAL');
  });
});

test('a worker whose user lacks a right waits after each refusal, and works as soon as it has it', async () => {
  const jobs = await open('worker');
  await grant('-eval', '-evalsha');
  const refusals: Error[] = [];
  const processed: unknown[] = [];
  const worker = createQueueWorker({
    queue: 'trial',
    redis: jobs,
    prefix: redis.prefix,
    concurrency: 5,
    lockMs: 30_000,
    process: (data) => {
      processed.push(data);
      return Promise.resolve({ action: 'finish' });
    },
    onError: (error) => void refusals.push(error),
  });
  cleanups.push(() => worker.stop(1000));
  worker.start();
  await eventually(() => {
    expect(refusals.some((error) => error instanceof RedisError && error.readiness.includes('NOPERM'))).toBe(true);
  });
  const before = await callsOf('evalsha');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // Each worker asks at most every two seconds, and looks for stalled jobs every five. Without the wait it is thousands.
  expect((await callsOf('evalsha')) - before).toBeLessThan(10);

  await grant('+eval', '+evalsha');
  await redis.client.call('EVAL', "return redis.call('GET', KEYS[1])", '1', `${redis.prefix}:none`);
  const producer = await open();
  const { Queue } = await import('bullmq');
  const queue = new Queue('trial', { connection: producer, prefix: redis.prefix, skipVersionCheck: true });
  await queue.add('job', { n: 1 });
  await eventually(() => {
    expect(processed).toEqual([{ n: 1 }]);
  });
});

test('a worker that was refused leaves no timer behind when it stops, so that the process may exit', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const jobs = await open('worker');
  await grant('-eval', '-evalsha');
  const before = timers();
  const refusals: Error[] = [];
  const worker = createQueueWorker({
    queue: 'trial',
    redis: jobs,
    prefix: redis.prefix,
    concurrency: 5,
    lockMs: 30_000,
    process: () => Promise.resolve({ action: 'finish' }),
    onError: (error) => void refusals.push(error),
  });
  worker.start();
  await eventually(() => {
    // One refusal of the job, and one of the look for stalled jobs.
    expect(refusals.length).toBeGreaterThan(1);
  });
  await worker.stop(1000);
  expect(timers()).toBeLessThanOrEqual(before);
});

/** Counts the refused calls of a command by the user, from the log of the ACL. */
async function callsOf(command: string): Promise<number> {
  const entries = (await redis.client.call('ACL', 'LOG', '128')) as unknown[];
  return entries
    .map((entry) => flat(entry))
    .filter((entry) => entry.get('username') === user && entry.get('object') === command)
    .reduce((sum, entry) => sum + Number(entry.get('count')), 0);
}

function flat(entry: unknown): Map<unknown, unknown> {
  if (entry instanceof Map) return entry;
  if (!Array.isArray(entry)) return new Map(Object.entries(entry as object));
  return new Map(Array.from({ length: entry.length / 2 }, (_, index) => [entry[2 * index], entry[2 * index + 1]] as const));
}
