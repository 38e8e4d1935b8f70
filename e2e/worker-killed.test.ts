import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { NEVER } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  // A lease holds twice as long as an attempt may take.
  tidings = await startTidings({
    env: { DELIVERY_TIMEOUT_MS: '1500', RECONCILE_INTERVAL_MS: '200', WORKER_CONCURRENCY: '4' },
  });
});
afterAll(() => tidings.stop());

test('when the worker is killed while it delivers, another one delivers: nothing is lost, and each event comes at most twice', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  // The first four requests are never answered: they are under way when their worker dies.
  const receiver = await startReceiver((attempt) => (receiver.arrivals.length <= 4 && attempt === 1 ? NEVER : 200));
  const webhook = await alice.register(receiver);
  const ids = await service.publish(Array.from({ length: 10 }, () => syncFailed({ user_id: 'alice', error_message: '' })));
  const underWay = (await receiver.waitFor(4)).map(({ id }) => id);

  const [worker] = tidings.workers;
  expect(await worker?.stop('SIGKILL')).toBeNull();
  await tidings.startWorker();

  const deliveries = await alice.waitForDeliveries(webhook, 10, 25_000);
  // The attempts that died were never recorded: what counts is what was committed.
  for (const delivery of deliveries) expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  expect(deliveries.map(({ event_id }) => event_id).sort()).toEqual([...ids].sort());
  expect(receiver.counts()).toEqual(Object.fromEntries(ids.map((id) => [id, underWay.includes(id) ? 2 : 1])));
  // Who gets one twice can tell by its id, and it is the same to the byte.
  for (const id of underWay) {
    const [first, second] = receiver.arrivals.filter((arrival) => arrival.id === id);
    expect(second && first?.body.equals(second.body)).toBe(true);
  }
});
