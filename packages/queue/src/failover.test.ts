import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createPublisher, EVENTS_QUEUE, syncFailed } from '@tidings/events';
import { startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { connectRedis, pingRedis } from './redis.js';
import { createQueueWorker } from './worker.js';

const PREFIX = '{failover}';
let temporary: ReturnType<typeof temporaryFolder>;
let master: LocalRedis;
let replica: LocalRedis;
let admin: Redis;
/** In front of the master: like a name, it leads to another server only for new connections. */
let proxy: FaultProxy;
beforeEach(async () => {
  temporary = temporaryFolder();
  const passwordFile = join(temporary.folder, 'password');
  master = await startRedis({ folder: join(temporary.folder, 'one'), passwordFile });
  const { port, password } = new URL(master.url);
  replica = await startRedis({
    folder: join(temporary.folder, 'two'),
    passwordFile,
    settings: { replicaof: `127.0.0.1 ${port}`, masterauth: password },
  });
  proxy = await createFaultProxy(master.url);
  admin = new Redis(master.url);
  await admin.config('SET', 'masterauth', password);
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('state=online');
  });
});
afterEach(async () => {
  admin.disconnect();
  await proxy.disconnect();
  await replica.stop();
  await master.stop();
  temporary.remove();
});

/** Makes the replica the master, and the master its replica. Connections stay open. */
async function failOver(): Promise<void> {
  await admin.call('FAILOVER');
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('role:slave');
  });
}

describe('after a failover in which all connections stay open', () => {
  test('a worker takes jobs, and the package publishes, as soon as the URL leads to the new master', async () => {
    const jobs = connectRedis(proxy.url, 'worker', () => undefined);
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
    worker.start();
    const publisher = createPublisher({ redis: proxy.url, prefix: PREFIX });
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

    await publisher.close();
    await worker.stop(1000);
    jobs.disconnect();
  });

  test('a replica is not ready, and a connection for commands is replaced until it leads to the new master', async () => {
    const commands = connectRedis(proxy.url, 'command', () => undefined);
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
    commands.disconnect();
  });

  test('a connection for a worker sends the refused command again, to the new master', async () => {
    const jobs = connectRedis(proxy.url, 'worker', () => undefined);
    await once(jobs, 'ready');
    const blocked = jobs.bzpopmin(`${PREFIX}:marker`, 5);
    await failOver();
    proxy.redirect(replica.url);
    await jobs.set(`${PREFIX}:key`, 'written');
    expect(await jobs.get(`${PREFIX}:key`)).toBe('written');
    expect(await blocked).toBeNull();
    jobs.disconnect();
  });
});
