import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { NEVER } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const eventsOf = (user: string, count: number) =>
  Array.from({ length: count }, (_, index) => syncFailed({ user_id: user, error_message: String(index) }));

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({
    env: { DELIVERY_TIMEOUT_MS: '1000', DELIVERY_JITTER: '0', CIRCUIT_PROBE_MS: '300', RECONCILE_INTERVAL_MS: '200' },
  });
});
afterAll(() => tidings.stop());

test('a receiver that never answers is probed, not hammered, and gets everything once it is back', async () => {
  const carol = tidings.asUser('carol');
  const service = tidings.asUser('service', 'events:publish');
  let back = false;
  const receiver = await startReceiver(() => (back ? 200 : NEVER));
  const webhook = await carol.register(receiver, { max_in_flight: 5, retry: { max_attempts: 3, initial_delay_ms: 60_000 } });
  const circuit = async () =>
    ((await carol.call('GET', `/api/webhooks/${webhook.id}`)).body['circuit'] as { state: string }).state;

  await service.publish(eventsOf('carol', 40));
  await eventually(async () => {
    expect(await circuit()).not.toBe('closed');
  });
  // Five at once, and then one by one.
  const atOpening = receiver.arrivals.length;
  expect(atOpening).toBeLessThanOrEqual(10);
  await receiver.waitFor(atOpening + 2);
  expect((await carol.deliveryLog(webhook)).filter(({ attempts }) => attempts.length > 1)).toEqual([]);

  back = true;
  await eventually(async () => {
    expect(await circuit()).toBe('closed');
  });
  // What timed out waits for its own retry; everything else arrives, with its first attempt.
  await eventually(async () => {
    const deliveries = await carol.deliveryLog(webhook);
    const waiting = deliveries.filter(({ status }) => status === 'pending');
    expect(waiting.every(({ attempt_count: count }) => count === 1)).toBe(true);
    expect(deliveries.filter(({ status, attempt_count: count }) => status === 'succeeded' && count === 1).length).toBe(
      40 - waiting.length,
    );
    expect(waiting.length).toBeLessThan(15);
  });
});
