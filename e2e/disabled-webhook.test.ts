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

test('disables the webhook of a receiver that answers 410, notifies its owner, and keeps events for a replay', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const publish = (message: string) => service.publish(syncFailed({ user_id: 'alice', error_message: message }));
  let isGone = true;
  const receiver = await startReceiver(() => (isGone ? 410 : 200));
  const stream = await alice.follow();
  const since = new Date().toISOString();
  const webhook = await alice.register(receiver);
  const path = `/api/webhooks/${webhook.id}`;

  // One attempt: a 410 ends the retries.
  const first = await publish('first');
  await alice.waitForDeliveries(webhook, 1);
  const notice = (await stream.waitFor(2))[1];
  expect(notice).toMatchObject({ type: 'webhook.disabled', data: { user_id: 'alice', webhook_id: webhook.id, reason: 'gone' } });
  expect((await alice.call('GET', path)).body).toMatchObject({ enabled: false, disabled_reason: 'gone' });

  // The log has the event as skipped.
  const second = await publish('second');
  expect((await alice.deliveryLog(webhook)).map(({ event_id: id, status }) => [id, status])).toEqual([
    [first, 'failed'],
    [second, 'skipped'],
  ]);
  expect(receiver.counts()).toEqual({ [first]: 1 });
  expect((await alice.call('POST', `${path}/replay`, { since })).status).toBe(409);

  isGone = false;
  expect((await alice.call('PATCH', path, { enabled: true })).body).toMatchObject({ enabled: true, disabled_reason: null });
  expect((await alice.call('POST', `${path}/replay`, { since, dry_run: true })).body).toMatchObject({ count: 2 });
  expect((await alice.call('POST', `${path}/replay`, { since })).body).toMatchObject({ count: 2 });
  await eventually(async () => {
    expect((await alice.deliveryLog(webhook)).map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });
  // A replay has the same `webhook-id`, and the log marks its attempt.
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
