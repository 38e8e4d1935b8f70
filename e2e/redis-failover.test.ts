import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { syncFailed } from '@tidings/events';
import { freePort, startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

/** Servers do not wait: to make a copy until there are further replicas, to stop until replicas have everything. */
const AT_ONCE = { 'repl-diskless-sync-delay': '0', 'shutdown-timeout': '0' };
const { folder, remove } = temporaryFolder();
let master: LocalRedis;
let replica: LocalRedis;
let admin: Redis;
/** Like a name, it leads to another server only for new connections. */
let proxy: FaultProxy;
let tidings: Tidings;
let worker: string;
beforeAll(async () => {
  const passwordFile = join(folder, 'password');
  master = await startRedis({ folder: join(folder, 'one'), passwordFile, settings: AT_ONCE });
  const { port, password } = new URL(master.url);
  const settings = { replicaof: `127.0.0.1 ${port}`, masterauth: password, ...AT_ONCE };
  replica = await startRedis({ folder: join(folder, 'two'), passwordFile, settings });
  admin = new Redis(master.url);
  await admin.config('SET', 'masterauth', password);
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('state=online');
  });
  proxy = await createFaultProxy(master.url);
  tidings = await startTidings({ redisUrl: proxy.url, workers: 0, env: { RECONCILE_INTERVAL_MS: '500' } });
  const HEALTH_PORT = String(await freePort());
  worker = `http://127.0.0.1:${HEALTH_PORT}`;
  await tidings.startWorker({ HEALTH_PORT });
});
afterAll(async () => {
  await tidings.stop();
  admin.disconnect();
  await proxy.disconnect();
  await Promise.all([replica.stop(), master.stop()]);
  remove();
});

const readiness = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, text: await response.text() };
};

test('after a failover in which every connection stays open, deliveries, streams and tests of webhooks resume', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  const stream = await alice.follow();
  const event = () => syncFailed({ user_id: 'alice', error_message: '' });
  const ids = [await service.publish(event())];
  await receiver.waitFor(1);

  await admin.call('FAILOVER');
  await eventually(async () => {
    expect(await admin.info('replication')).toContain('role:slave');
  });
  // The address still leads to what is a replica now.
  for (const url of [tidings.url, worker]) {
    await eventually(async () => {
      const { status, text } = await readiness(url);
      expect({ status, text }).toEqual({
        status: 503,
        text: expect.stringContaining('Redis is a replica, which refuses writes'),
      });
    });
  }
  ids.push(await service.publish(event()));
  await stream.waitFor(2);

  proxy.redirect(replica.url);
  for (const url of [tidings.url, worker]) {
    await eventually(async () => {
      expect((await readiness(url)).status).toBe(200);
    });
  }
  await eventually(async () => {
    await tidings.publisher.publish(syncFailed({ user_id: 'alice', error_message: '' }, { id: 'evt_by-package' }));
  });
  ids.push('evt_by-package');
  // The old master is no replica any more: connections that stayed there would be on their own.
  await admin.call('REPLICAOF', 'NO', 'ONE');
  ids.push(await service.publish(event()));
  await receiver.waitFor(ids.length);
  await stream.waitFor(ids.length);
  expect([...stream.ids()].sort()).toEqual([...ids].sort());
  await alice.waitForDeliveries(webhook, ids.length);
  // The result comes over the connection that only listens.
  expect((await alice.call('POST', `/api/webhooks/${webhook.id}/test`)).status).toBe(200);
});
