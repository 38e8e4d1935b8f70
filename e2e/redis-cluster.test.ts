import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { syncFailed } from '@tidings/events';
import { startRedisCluster, temporaryFolder, type LocalRedisCluster } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

const { folder, remove } = temporaryFolder();
const LIMIT = 1000;
let cluster: LocalRedisCluster;
let tidings: Tidings;
let alice: User;
let service: User;
beforeAll(async () => {
  cluster = await startRedisCluster({ folder });
  tidings = await startTidings({
    redisUrl: cluster.url,
    env: {
      DELIVERY_INITIAL_DELAY_MS: '500',
      RATE_LIMIT_PER_OWNER: String(LIMIT),
      RECONCILE_INTERVAL_MS: '500',
      STREAM_HEARTBEAT_MS: '500',
    },
  });
  alice = tidings.asUser('alice');
  service = tidings.asUser('service', 'events:publish');
});
afterAll(async () => {
  await tidings.stop();
  await cluster.stop();
  remove();
});

const data = { user_id: 'alice', error_message: '' };
const publish = {
  'over HTTP': () => service.publish(syncFailed(data)),
  'over the queue': async () => (await tidings.publisher.publish(syncFailed(data))).id,
};

describe('on a Redis Cluster', () => {
  test.each(Object.entries(publish))('an event published %s is signed, retried and streamed', async (_route, send) => {
    const receiver = await startReceiver((attempt) => (attempt === 1 ? 503 : 204));
    const webhook = await alice.register(receiver);
    const stream = await alice.follow();
    const eventId = await send();

    const [first, second] = await receiver.waitFor(2);
    for (const arrival of [first, second]) {
      // Throws unless the signature and the timestamp are valid.
      expect(new Webhook(webhook.secret).verify(arrival?.body ?? '', arrival?.headers ?? {})).toMatchObject({ data });
    }
    expect(await alice.waitForDeliveries(webhook, 1)).toMatchObject([
      { event_id: eventId, status: 'succeeded', attempts: [{ status_code: 503 }, { status_code: 204 }] },
    ]);
    expect(await stream.waitFor(1)).toEqual([{ id: eventId, type: 'sync.failed', data }]);
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });

  test('webhook tests, tickets, replays and rate limits work', async () => {
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver);
    const id = await publish['over HTTP']();
    await alice.waitForDeliveries(webhook, 1);
    expect((await alice.call('POST', `/api/webhooks/${webhook.id}/test`)).status).toBe(200);
    const replay = await alice.call('POST', `/api/webhooks/${webhook.id}/replay`, {
      since: new Date(0).toISOString(),
      status: ['succeeded'],
    });
    expect(replay.status).toBeLessThan(300);
    await receiver.waitFor(3);
    expect(receiver.counts()[id]).toBe(2);

    const ticket = await alice.call('POST', '/api/events/stream/ticket');
    const streamOf = () => fetch(`${tidings.url}/api/events/stream?ticket=${String(ticket.body['ticket'])}`);
    const opened = await streamOf();
    expect([opened.status, (await streamOf()).status]).toEqual([200, 401]);
    await opened.body?.cancel();

    const mallory = tidings.asUser('mallory');
    const first = await mallory.call('GET', '/api/event-types');
    const second = await mallory.call('GET', '/api/event-types');
    // This does not show where the limit is counted: without Redis, the process would count the same.
    expect([first, second].map(({ headers }) => headers.get('ratelimit')?.match(/"owner";r=(\d+)/)?.[1])).toEqual([
      String(LIMIT - 1),
      String(LIMIT - 2),
    ]);
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });
});

test('accepts and streams events while the node of its keys is down, and delivers them with the replica', async () => {
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  const stream = await alice.follow();
  const ids = [await publish['over HTTP']()];
  await receiver.waitFor(1);

  await (await cluster.masterOf(tidings.redis.prefix)).stop('SIGKILL');
  await eventually(async () => {
    expect((await fetch(`${tidings.url}/readyz`)).status).toBe(503);
  });
  for (let count = 0; count < 3; count += 1) ids.push(await publish['over HTTP']());
  await stream.waitFor(4);

  // The reconciler enqueues the lost deliveries 15 s after their acceptance.
  const deliveries = await alice.waitForDeliveries(webhook, 4, 60_000);
  expect(deliveries.map(({ event_id, status }) => [event_id, status])).toEqual(ids.map((id) => [id, 'succeeded']));
  await eventually(async () => {
    expect((await fetch(`${tidings.url}/readyz`)).status).toBe(200);
  });
  ids.push(await publish['over the queue']());
  await receiver.waitFor(5);
  await stream.waitFor(5);
  expect(stream.ids()).toEqual(ids);
  expect(receiver.counts()).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
});
