import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedisSentinel, temporaryFolder, type LocalRedisSentinel } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { startTraffic, subscribeFollowing } from '../test/traffic.js';
import type { RedisError } from './redis-problem.js';
import { connectRedis, type RedisPurpose } from './redis.js';

const PREFIX = '{sentinel}';
const { folder, remove } = temporaryFolder();
let sentinels: LocalRedisSentinel;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  sentinels = await startRedisSentinel({ folder });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  await sentinels.stop();
  remove();
});

const connect = (purpose: RedisPurpose, url = sentinels.url, onError: (error: RedisError) => void = () => undefined) => {
  const connection = connectRedis(url, purpose, onError);
  cleanups.push(() => {
    connection.disconnect();
  });
  return connection;
};
const firstError = (url: string): Promise<RedisError> => new Promise((resolve) => connect('command', url, resolve));
const changed = (change: (url: URL) => void): string => {
  // The parser of URLs takes one host.
  const [, login = '', hosts = '', rest = ''] = /^redis\+sentinel:\/\/(.*)@(.*?)(\/.*)$/.exec(sentinels.url) ?? [];
  const url = new URL(`redis://${login}@hosts${rest}`);
  change(url);
  return url.href.replace('redis://', 'redis+sentinel://').replace('@hosts', `@${hosts}`);
};

describe('with Sentinels', () => {
  test('a wrong name of the master, and a wrong password of the Sentinels or of the master, have their words', async () => {
    expect(await firstError(changed((url) => (url.pathname = '/nobody')))).toMatchObject({
      readiness: 'the Sentinels do not know a master of this name',
    });
    expect(
      await firstError(
        changed((url) => {
          url.searchParams.delete('sentinelPassword');
        }),
      ),
    ).toMatchObject({
      readiness: 'Redis wants a password (NOAUTH)',
    });
    for (const wrong of [
      changed((url) => (url.password = 'wrong')),
      changed((url) => {
        url.searchParams.set('sentinelPassword', 'wrong');
      }),
    ]) {
      expect(await firstError(wrong)).toMatchObject({ readiness: 'Redis refuses the user or the password (WRONGPASS)' });
    }
  });

  test.each([
    { how: 'is told to', fail: () => sentinels.failOver() },
    { how: 'dies', fail: async () => (await sentinels.master()).stop('SIGKILL') },
  ])('when the master $how give up its place, jobs, publishing and subscriptions continue on the other', async ({ fail }) => {
    const [commands, subscriber] = [connect('command'), connect('subscriber')];
    const received = await subscribeFollowing(subscriber, commands, `${PREFIX}:news`);
    const { publish, processed, stop } = startTraffic({ jobs: connect('worker'), url: sentinels.url, prefix: PREFIX });
    cleanups.push(stop);
    await publish('evt_before');
    await eventually(() => {
      expect(processed).toContain('evt_before');
    });

    await fail();
    await eventually(() => publish('evt_after'));
    await eventually(() => {
      expect(processed).toContain('evt_after');
    });
    await eventually(async () => {
      await commands.publish(`${PREFIX}:news`, 'hello');
      expect(received).toContain('hello');
    });
  });
});
