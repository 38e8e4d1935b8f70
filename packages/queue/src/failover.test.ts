import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createPublisher, EVENTS_QUEUE, syncFailed } from '@tidings/events';
import { startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { connectRedis, pingRedis, type RedisPurpose } from './redis.js';
import { createQueueWorker } from './worker.js';

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
    const jobs = connect('worker');
    const processed: string[] = [];
    const errors: string[] = [];
    const worker = createQueueWorker<{ type: string }>({
      queue: EVENTS_QUEUE,
      redis: jobs,
      prefix: PREFIX,
      concurrency: 2,
      lockMs: 30_000,
      process: ({ type }) => {
        processed.push(type);
        return Promise.resolve({ action: 'finish' });
      },
      onError: (error) => void errors.push(error.message),
    });
    cleanups.push(() => worker.stop(1000));
    worker.start();
    const publisher = createPublisher({ redis: proxy.url, prefix: PREFIX });
    cleanups.push(() => publisher.close());
    const publish = () => publisher.publish(syncFailed({ user_id: 'alice', error_message: 'gone' }));
    await publish();
    await eventually(() => {
      expect(processed).toHaveLength(1);
    });

    await failOver();
    await expect(publish()).rejects.toThrow('READONLY');
    proxy.redirect(replica.url);
    await eventually(publish);
    await eventually(() => {
      expect(processed).toHaveLength(2);
    }, 10_000);
  });

  test('a replica is not ready, and a connection for commands is replaced until it leads to the new master', async () => {
    const commands = connect('command');
    await once(commands, 'ready');
    await pingRedis(commands, PREFIX);
    let connections = 0;
    commands.on('ready', () => (connections += 1));
    await failOver();
    await expect(pingRedis(commands, PREFIX)).rejects.toThrow('READONLY');
    await eventually(() => {
      expect(connections).toBe(1);
    });
    await expect(pingRedis(commands, PREFIX)).rejects.toThrow('READONLY');
    proxy.redirect(replica.url);
    await eventually(() => pingRedis(commands, PREFIX));
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
