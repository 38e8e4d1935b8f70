import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { startTraffic, subscribeFollowing } from '../test/traffic.js';
import { createRedisCheck } from './redis-rights.js';
import { connectRedis, type RedisPurpose } from './redis.js';

const PREFIX = '{failover}';
/** Servers do not wait: to make a copy until there are further replicas, to stop until replicas have everything. */
const AT_ONCE = { 'repl-diskless-sync-delay': '0', 'shutdown-timeout': '0' };
const cleanups: (() => unknown)[] = [];
let temporary: ReturnType<typeof temporaryFolder>;
let master: LocalRedis;
let replica: LocalRedis;
let admin: Redis;
/** In front of the master: like a name, it leads to another server only for new connections. */
let proxy: FaultProxy;
beforeEach(async () => {
  temporary = temporaryFolder();
  const passwordFile = join(temporary.folder, 'password');
  master = await startRedis({ folder: join(temporary.folder, 'one'), passwordFile, settings: AT_ONCE });
  const { port, password } = new URL(master.url);
  replica = await startRedis({
    folder: join(temporary.folder, 'two'),
    passwordFile,
    settings: { replicaof: `127.0.0.1 ${port}`, masterauth: password, ...AT_ONCE },
  });
  proxy = await createFaultProxy(master.url);
  admin = new Redis(master.url);
  await admin.config('SET', 'masterauth', password);
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('state=online');
  });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  admin.disconnect();
  await proxy.disconnect();
  await Promise.all([replica.stop(), master.stop()]);
  temporary.remove();
});

const connect = (purpose: RedisPurpose) => {
  const connection = connectRedis(proxy.url, purpose, () => undefined);
  cleanups.push(() => {
    connection.disconnect();
  });
  return connection;
};

/** Makes the replica the master, and the master its replica. Connections stay open. */
async function failOver(): Promise<void> {
  await admin.call('FAILOVER');
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('role:slave');
  });
}

describe('after a failover in which all connections stay open', () => {
  test('a worker takes jobs, and the package publishes, as soon as the URL leads to the new master', async () => {
    const { publish, processed, stop } = startTraffic({ jobs: connect('worker'), url: proxy.url, prefix: PREFIX });
    cleanups.push(stop);
    await publish('evt_before');
    await eventually(() => {
      expect(processed).toHaveLength(1);
    });

    await failOver();
    await expect(publish('evt_after')).rejects.toThrow('READONLY');
    proxy.redirect(replica.url);
    await eventually(() => publish('evt_after'));
    await eventually(() => {
      expect(processed).toContain('evt_after');
    });
  });

  test('a replica is not ready, and a connection for commands is replaced until it leads to the new master', async () => {
    const commands = connect('command');
    await once(commands, 'ready');
    const check = createRedisCheck(commands, PREFIX);
    await check();
    let connections = 0;
    commands.on('ready', () => (connections += 1));
    await failOver();
    const asReplica = { readiness: 'Redis is a replica, which refuses writes (READONLY)' };
    await expect(check()).rejects.toMatchObject(asReplica);
    await eventually(() => {
      expect(connections).toBe(1);
    });
    await expect(check()).rejects.toMatchObject(asReplica);
    proxy.redirect(replica.url);
    await eventually(check);
  });

  test('a connection for a subscriber follows to the new master', async () => {
    const [commands, subscriber] = [connect('command'), connect('subscriber')];
    const received = await subscribeFollowing(subscriber, commands, `${PREFIX}:news`);
    await failOver();
    proxy.redirect(replica.url);
    await eventually(() => commands.set(`${PREFIX}:key`, 'written'));
    // The old master is not even a replica any more, so it hears nothing.
    await admin.call('REPLICAOF', 'NO', 'ONE');
    await eventually(async () => {
      expect(await commands.publish(`${PREFIX}:news`, 'hello')).toBe(1);
    });
    await eventually(() => {
      expect(received).toContain('hello');
    });
  });

  test('a connection for a worker sends the refused command again, to the new master', async () => {
    const jobs = connect('worker');
    await once(jobs, 'ready');
    await failOver();
    proxy.redirect(replica.url);
    await jobs.set(`${PREFIX}:key`, 'written');
    expect(await jobs.get(`${PREFIX}:key`)).toBe('written');
  });
});
