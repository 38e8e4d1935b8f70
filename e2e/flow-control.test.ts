import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { createHold } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const eventsOf = (user: string, count: number) =>
  Array.from({ length: count }, (_, index) => syncFailed({ user_id: user, error_message: String(index) }));

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({
    workers: 2,
    env: {
      DELIVERY_INITIAL_DELAY_MS: '200',
      RECONCILE_INTERVAL_MS: '200',
      WORKER_CONCURRENCY: '20',
    },
  });
});
afterAll(() => tidings.stop());

test('limits the requests in flight of a webhook across all workers, without delaying other webhooks (I5)', async () => {
  const [alice, bob] = [tidings.asUser('alice'), tidings.asUser('bob')];
  const service = tidings.asUser('service', 'events:publish');
  const hold = createHold();
  let [inFlight, maxInFlight] = [0, 0];
  const slow = await startReceiver(async () => {
    maxInFlight = Math.max(maxInFlight, (inFlight += 1));
    await hold.released;
    inFlight -= 1;
    return 200;
  });
  const quick = await startReceiver();
  const slowHook = await alice.register(slow, { max_in_flight: 3 });
  const quickHook = await bob.register(quick);

  // More events than all slots of both workers.
  await service.publish(eventsOf('alice', 60));
  await slow.waitFor(3);
  await service.publish(eventsOf('bob', 20));
  await bob.waitForDeliveries(quickHook, 20);
  expect(slow.arrivals).toHaveLength(3);

  hold.release();
  const deliveries = await alice.waitForDeliveries(slowHook, 60);
  expect(deliveries.map(({ status }) => status)).toEqual(Array(60).fill('succeeded'));
  expect(Math.max(...Object.values(slow.counts()))).toBe(1);
  expect(maxInFlight).toBe(3);
});

test('waits for the Retry-After of a receiver', async () => {
  const dave = tidings.asUser('dave');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver((attempt) => (attempt === 1 ? { status: 503, headers: { 'retry-after': '1' } } : 200));
  const webhook = await dave.register(receiver, { retry: { initial_delay_ms: 3_600_000, max_delay_ms: 3_600_000 } });
  await service.publish(eventsOf('dave', 1));
  const [delivery] = await dave.waitForDeliveries(webhook, 1);
  expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 2 });
  const [first, second] = receiver.arrivals;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(900);
});

test('delivers to a fifo webhook in order, one event at a time, after the last attempt of the event before', async () => {
  const erin = tidings.asUser('erin');
  const service = tidings.asUser('service', 'events:publish');
  const events = eventsOf('erin', 30);
  const messageOf = (body: Buffer) =>
    Number((JSON.parse(body.toString()) as { data: { error_message: string } }).data.error_message);
  let [inFlight, maxInFlight] = [0, 0];
  const receiver = await startReceiver(async (attempt, { body }) => {
    maxInFlight = Math.max(maxInFlight, (inFlight += 1));
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    // The event with message 4 fails once, and the one with message 8 always.
    return (messageOf(body) === 4 && attempt === 1) || messageOf(body) === 8 ? 500 : 200;
  });
  const webhook = await erin.register(receiver, { ordering: 'fifo', retry: { max_attempts: 2 } });
  await service.publish(events.slice(0, 10));
  await Promise.all(events.slice(10, 20).map((event) => service.publish(event)));
  await service.publish(events.slice(20));
  await erin.waitForDeliveries(webhook, 30);

  const order = await erin.eventLog();
  const arrived = receiver.arrivals.map(({ id }) => id);
  const [failedOnce, failedTwice] = [receiver.arrivals, receiver.arrivals].map((arrivals, index) =>
    arrivals.find(({ body }) => messageOf(body) === [4, 8][index]),
  );
  const expected = order.flatMap((id) => (id === failedOnce?.id || id === failedTwice?.id ? [id, id] : [id]));
  expect(arrived).toEqual(expected);
  expect(maxInFlight).toBe(1);
});
