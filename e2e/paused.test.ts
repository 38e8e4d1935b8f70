import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({ env: { RECONCILE_INTERVAL_MS: '200' } });
});
afterAll(() => tidings.stop());

test('accepts and streams events while deliveries are paused, and delivers each once after the resume', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const operator = tidings.asUser('olga', 'admin');
  const publish = (message: string) => service.publish(syncFailed({ user_id: 'alice', error_message: message }));
  const receiver = await startReceiver(() => 200);
  const stream = await alice.follow();
  const webhook = await alice.register(receiver);

  expect((await operator.call('PATCH', '/api/admin/pause', { paused: true })).body).toMatchObject({ paused: true });
  const events = [await publish('first'), await publish('second'), await publish('third')];
  await stream.waitFor(3);
  await eventually(async () => {
    const { body } = await operator.call('GET', '/api/admin/overview');
    expect(body).toMatchObject({ queue: { admitted: 0, parked: 3 }, pause: { paused_by: 'olga' } });
  });
  expect(receiver.counts()).toEqual({});

  await operator.call('PATCH', `/api/admin/webhooks/${webhook.id}`, { paused: true });
  await operator.call('PATCH', '/api/admin/pause', { paused: false });
  const other = await alice.register(await startReceiver(() => 200));
  events.push(await publish('fourth'));
  // The other webhook's delivery shows that the workers have resumed; this webhook is still paused.
  await alice.waitForDeliveries(other, 1);
  expect(receiver.counts()).toEqual({});

  await operator.call('PATCH', `/api/admin/webhooks/${webhook.id}`, { paused: false });
  await alice.waitForDeliveries(webhook, 4);
  expect(receiver.counts()).toEqual(Object.fromEntries(events.map((id) => [id, 1])));

  // The overview counts attempts with a delay of a few seconds.
  await eventually(async () => {
    const { body } = await operator.call('GET', '/api/admin/overview');
    const { minutes } = body as { minutes: { succeeded: number }[] };
    expect(minutes.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(5);
  });
  const { body: owners } = await operator.call('GET', '/api/admin/owners');
  expect(owners).toMatchObject({ data: [{ owner: 'alice', webhooks: 2, attempts: 5, failed: 0, pending: 0 }] });
});
