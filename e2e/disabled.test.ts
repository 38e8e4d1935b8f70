import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({ env: { RECONCILE_INTERVAL_MS: '200', REPLAYS_PER_SECOND: '100' } });
});
afterAll(() => tidings.stop());

test('a receiver that is gone is left in peace: its owner is told, what comes is kept, and replayed when asked for', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const publish = (message: string) => service.publish(syncFailed({ user_id: 'alice', error_message: message }));
  let gone = true;
  const receiver = await startReceiver(() => (gone ? 410 : 200));
  const stream = await alice.follow();
  const since = new Date().toISOString();
  const webhook = await alice.register(receiver);
  const path = `/api/webhooks/${webhook.id}`;

  // One attempt, although there were two more.
  const first = await publish('first');
  await alice.waitForDeliveries(webhook, 1);
  const notice = (await stream.waitFor(2))[1];
  expect(notice).toMatchObject({ type: 'webhook.disabled', data: { user_id: 'alice', webhook_id: webhook.id, reason: 'gone' } });
  expect((await alice.call('GET', path)).body).toMatchObject({ enabled: false, disabled_reason: 'gone' });

  // Kept, not sent.
  const second = await publish('second');
  expect((await alice.deliveryLog(webhook)).map(({ event_id: id, status }) => [id, status])).toEqual([
    [first, 'failed'],
    [second, 'skipped'],
  ]);
  expect(receiver.counts()).toEqual({ [first]: 1 });
  expect((await alice.call('POST', `${path}/replay`, { since })).status).toBe(409);

  gone = false;
  expect((await alice.call('PATCH', path, { enabled: true })).body).toMatchObject({ enabled: true, disabled_reason: null });
  expect((await alice.call('POST', `${path}/replay`, { since, dry_run: true })).body).toMatchObject({ count: 2 });
  expect((await alice.call('POST', `${path}/replay`, { since })).body).toMatchObject({ count: 2 });
  await eventually(async () => {
    expect((await alice.deliveryLog(webhook)).map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });
  // The same `webhook-id`, and the log says which attempt was a replay.
  expect(receiver.counts()).toEqual({ [first]: 2, [second]: 1 });
  expect(
    (await alice.deliveryLog(webhook)).map(({ attempts }) => attempts.map(({ number, replay }) => [number, replay])),
  ).toEqual([
    [
      [1, false],
      [2, true],
    ],
    [[1, true]],
  ]);
});
