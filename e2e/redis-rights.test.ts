import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createPublisher, syncFailed } from '@tidings/events';
import { freePort, startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

/** How long a worker without a right is watched, in milliseconds. */
const LOGGED_MS = 4000;
const PASSWORD = 'p%40ss%2Fw%23rd%25';
/** The rules of the two users, word for word as docs/deploying.md lists them, with the prefix of this test in place of `{tidings}`. */
function documentedUsers(prefix: string): string[][] {
  const page = readFileSync(join(import.meta.dirname, '../docs/deploying.md'), 'utf8');
  return [...page.matchAll(/^ACL SETUSER (.*)$/gm)].map(([, rules = '']) =>
    rules.replaceAll('{tidings}', prefix).replace('PASSWORD', decodeURIComponent(PASSWORD)).split(' '),
  );
}

const { folder, remove } = temporaryFolder();
let redis: LocalRedis;
let admin: Redis;
let tidings: Tidings;
let workerPort: string;
let serviceUser: string;
const urlOf = (user: string) => redis.url.replace(/\/\/.*@/, `//${user}:${PASSWORD}@`);
const grant = (...rules: string[]) => admin.call('ACL', 'SETUSER', 'tidings', ...rules);
beforeAll(async () => {
  redis = await startRedis({ folder: join(folder, 'redis') });
  admin = new Redis(redis.url);
  // The prefix is known only when Tidings has started: until then the user may use all.
  await grant('on', `>${decodeURIComponent(PASSWORD)}`, 'allkeys', 'allchannels', '+@all');
  workerPort = String(await freePort());
  tidings = await startTidings({ redisUrl: urlOf('tidings'), workers: 0, env: { DELIVERY_INITIAL_DELAY_MS: '300' } });
  const users = documentedUsers(tidings.redis.prefix);
  expect(users.map(([name]) => name)).toEqual(['tidings', 'service']);
  for (const rules of users) await admin.call('ACL', 'SETUSER', ...rules);
  serviceUser = urlOf('service');
  await admin.call('CLIENT', 'KILL', 'USER', 'tidings');
  await tidings.startWorker({ HEALTH_PORT: workerPort });
});
afterAll(async () => {
  await tidings.stop();
  admin.disconnect();
  await redis.stop();
  remove();
});

const readiness = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, text: await response.text() };
};

test('the documented rights are enough to publish, deliver, retry, test, stream and show the queues', async () => {
  await admin.call('ACL', 'LOG', 'RESET');
  const alice = tidings.asUser('alice');
  const receiver = await startReceiver((attempt) => (attempt === 1 ? 503 : 204));
  const webhook = await alice.register(receiver);
  const stream = await alice.follow();
  const ids = [await tidings.asUser('service', 'events:publish').publish(syncFailed({ user_id: 'alice', error_message: '' }))];
  await receiver.waitFor(2);
  const service = createPublisher({ redis: serviceUser, prefix: tidings.redis.prefix });
  ids.push((await service.publish(syncFailed({ user_id: 'alice', error_message: '' }))).id);
  await service.close();
  await alice.waitForDeliveries(webhook, 2);
  await stream.waitFor(2);
  expect(stream.ids()).toEqual(ids);
  expect((await alice.call('POST', `/api/webhooks/${webhook.id}/test`)).status).toBe(200);
  expect((await alice.call('POST', '/api/events/stream/ticket')).status).toBe(201);

  const session = await tidings.asUser('operator', 'admin').call('POST', '/api/admin/queues/session');
  const cookie = String(session.headers.get('set-cookie')).split(';')[0] ?? '';
  const queues = await fetch(`${tidings.url}/admin/queues/api/queues?activeQueue=deliveries`, { headers: { cookie } });
  expect(queues.status).toBe(200);

  for (const url of [tidings.url, `http://127.0.0.1:${workerPort}`]) expect((await readiness(url)).status).toBe(200);
  // The pages of the queues also list the workers if they may.
  expect((await refused()).filter((command) => command !== 'client|list')).toEqual([]);
});

/** The commands, keys and channels that users were refused. */
async function refused(): Promise<string[]> {
  const entries = (await admin.call('ACL', 'LOG')) as string[][];
  return entries.map((entry) => entry[entry.indexOf('object') + 1] ?? '');
}

test.each([
  { lacking: ['-info'], words: 'the Redis user may not run INFO (NOPERM)' },
  { lacking: ['-eval', '-evalsha'], words: 'the Redis user may not run EVAL, EVALSHA (NOPERM)' },
  { lacking: ['-bzpopmin'], words: 'the Redis user may not run BZPOPMIN (NOPERM)' },
])(
  'without the rights $lacking a worker is not ready, says why now and then, and works once it has them',
  async ({ lacking, words }) => {
    await grant(...lacking);
    const port = String(await freePort());
    const worker = await tidings.startWorker({ HEALTH_PORT: port });
    const ready = () => readiness(`http://127.0.0.1:${port}`);
    await eventually(async () => {
      expect(await ready()).toEqual({ status: 503, text: expect.stringContaining(words) });
    });
    await new Promise((resolve) => setTimeout(resolve, LOGGED_MS));
    // Without the waits they were 26,000. A slow machine writes fewer.
    expect(worker.output().split('\n').slice(10)).toEqual([]);
    expect(worker.output()).not.toContain('Unhandled error event');

    await grant(...lacking.map((rule) => rule.replace('-', '+')));
    await eventually(async () => {
      expect((await ready()).status).toBe(200);
    });
    const alice = tidings.asUser(`alice-${port}`);
    const receiver = await startReceiver();
    await alice.register(receiver);
    await tidings.asUser('service', 'events:publish').publish(syncFailed({ user_id: `alice-${port}`, error_message: '' }));
    await receiver.waitFor(1);
    await worker.stop();
  },
);
