import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { NEVER } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  // A lease lasts twice as long as DELIVERY_TIMEOUT_MS, within which the worker is killed.
  tidings = await startTidings({
    env: { DELIVERY_TIMEOUT_MS: '5000', RECONCILE_INTERVAL_MS: '200', WORKER_CONCURRENCY: '4' },
  });
});
afterAll(() => tidings.stop());

test('delivers all events after a worker is killed during requests, each at most twice', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  // The first four requests get no response: they are in flight when their worker is killed.
  const receiver = await startReceiver((attempt) => (receiver.arrivals.length <= 4 && attempt === 1 ? NEVER : 200));
  const webhook = await alice.register(receiver);
  const ids = await service.publish(Array.from({ length: 10 }, () => syncFailed({ user_id: 'alice', error_message: '' })));
  const inFlight = (await receiver.waitFor(4)).map(({ id }) => id);

  const [worker] = tidings.workers;
  expect(await worker?.stop('SIGKILL')).toBeNull();
  await tidings.startWorker();

  const deliveries = await alice.waitForDeliveries(webhook, 10, 60_000);
  // The interrupted attempts were never recorded, so they do not count.
  for (const delivery of deliveries) expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  expect(deliveries.map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  expect(receiver.counts()).toEqual(Object.fromEntries(ids.map((id) => [id, inFlight.includes(id) ? 2 : 1])));
  // A duplicate has the same id and the same bytes.
  for (const id of inFlight) {
    const [first, second] = receiver.arrivals.filter((arrival) => arrival.id === id);
    expect(second && first?.body.equals(second.body)).toBe(true);
  }
});
