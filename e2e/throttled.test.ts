import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver, type Answer } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const eventsOf = (user: string, count: number) =>
  Array.from({ length: count }, (_, index) => syncFailed({ user_id: user, error_message: String(index) }));

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({ workers: 2, env: { RECONCILE_INTERVAL_MS: '200' } });
});
afterAll(() => tidings.stop());

/** A receiver that takes so many requests in a second, and answers the others with 429. */
function limitedTo(perSecond: number): Answer {
  let taken: number[] = [];
  return () => {
    const now = performance.now();
    taken = taken.filter((at) => at > now - 1000);
    if (taken.length >= perSecond) return { status: 429, headers: { 'retry-after': '1' } };
    taken.push(now);
    return 200;
  };
}

test('a receiver that says "slower" loses nothing, and gets few requests that it does not take (I14)', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver(limitedTo(5));
  const webhook = await alice.register(receiver);
  await service.publish(eventsOf('alice', 60));
  const deliveries = await alice.waitForDeliveries(webhook, 60, 100_000);
  expect(deliveries.map(({ status }) => status)).toEqual(Array(60).fill('succeeded'));
  const attempts = deliveries.flatMap((delivery) => delivery.attempts);
  const refused = attempts.filter((attempt) => attempt.status_code === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(refused.map(({ error_class: errorClass }) => errorClass))).toEqual(new Set(['throttled']));
  // Those that were under way at the first answer, and then one now and then. It was 102.
  expect(refused.length).toBeLessThan(30);
  expect(receiver.arrivals).toHaveLength(60 + refused.length);
});

test('nothing is sent to a held webhook by any worker, its owner sees until when, and other webhooks get their events', async () => {
  const [bob, carol] = [tidings.asUser('bob'), tidings.asUser('carol')];
  const service = tidings.asUser('service', 'events:publish');
  const held = await startReceiver(() => ({ status: 503, headers: { 'retry-after': '3000' } }));
  const other = await startReceiver();
  const webhook = await bob.register(held, { max_in_flight: 1 });
  const otherWebhook = await carol.register(other);
  await service.publish(eventsOf('bob', 1));
  await held.waitFor(1);
  const shown = await eventually(async () => {
    const { throttled_until: until } = (await bob.call('GET', `/api/webhooks/${webhook.id}`)).body;
    if (typeof until !== 'string') throw new Error('It is not shown as throttled.');
    return Date.parse(until);
  });
  expect(shown - Date.now()).toBeGreaterThan(2_900_000);
  await service.publish([...eventsOf('bob', 30), ...eventsOf('carol', 20)]);
  await carol.waitForDeliveries(otherWebhook, 20);
  expect(held.arrivals).toHaveLength(1);

  // Another URL ends the wait.
  const moved = await startReceiver();
  await bob.call('PATCH', `/api/webhooks/${webhook.id}`, { url: moved.url });
  await moved.waitFor(31);
  expect(held.arrivals).toHaveLength(1);
});

test('a delivery with one attempt survives a receiver that names no time', async () => {
  const dave = tidings.asUser('dave');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver((attempt) => (attempt <= 2 ? 429 : 200));
  const webhook = await dave.register(receiver, { retry: { max_attempts: 1 } });
  await service.publish(eventsOf('dave', 1));
  const [delivery] = await dave.waitForDeliveries(webhook, 1);
  expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 3 });
  expect(delivery?.attempts.map(({ error_class: errorClass }) => errorClass)).toEqual(['throttled', 'throttled', null]);
  // Holds of one and of two seconds.
  const [first, second, third] = receiver.arrivals.map(({ atMs }) => atMs);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(990);
  expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(1990);
});
