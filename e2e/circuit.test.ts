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

test('only probes a receiver that never answers, and delivers all events when it recovers', async () => {
  const carol = tidings.asUser('carol');
  const service = tidings.asUser('service', 'events:publish');
  let isUp = false;
  const receiver = await startReceiver(() => (isUp ? 200 : NEVER));
  const webhook = await carol.register(receiver, { max_in_flight: 5, retry: { max_attempts: 3, initial_delay_ms: 600_000 } });
  const circuit = async () =>
    ((await carol.call('GET', `/api/webhooks/${webhook.id}`)).body['circuit'] as { state: string }).state;

  await service.publish(eventsOf('carol', 40));
  await eventually(async () => {
    expect(await circuit()).not.toBe('closed');
  });
  // Five requests at a time until the circuit opens, then one at a time.
  const atOpening = receiver.arrivals.length;
  expect(atOpening).toBeLessThanOrEqual(10);
  await receiver.waitFor(atOpening + 2);
  isUp = true;
  expect((await carol.deliveryLog(webhook)).filter(({ attempts }) => attempts.length > 1)).toEqual([]);
  await eventually(async () => {
    expect(await circuit()).toBe('closed');
  });
  // Deliveries that timed out wait for their retries; all others succeed with their first attempt.
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
