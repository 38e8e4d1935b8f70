import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { syncFailed } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { startReceiver, type Arrival } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings({ env: { RECONCILE_INTERVAL_MS: '200', VERIFY_WEBHOOKS: 'on' } });
});
afterAll(() => tidings.stop());

interface Shown {
  paused_by: string[];
  verification: {
    state: string;
    verified_at: string | null;
    failed_at: string | null;
    error_class: string | null;
    error: string | null;
  };
}

const parse = ({ body }: Arrival) => JSON.parse(body.toString()) as { type: string; data: Record<string, string> };
const typesOf = (arrivals: readonly Arrival[]) => arrivals.map((arrival) => parse(arrival).type);
const echo = (arrival: Arrival) => ({
  status: 200,
  headers: {},
  body: JSON.stringify({ challenge: parse(arrival).data['challenge'] }),
});

test('a webhook gets its first event after its receiver has answered a challenge; its events wait, and come in order', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const publish = (message: string) => service.publish(syncFailed({ user_id: 'alice', error_message: message }));
  const shown = async () => (await alice.call('GET', `/api/webhooks/${webhook.id}`)).body as unknown as Shown;
  let isReady = false;
  const receiver = await startReceiver((_attempt, arrival) => {
    if (parse(arrival).type !== 'webhook.verification') return 200;
    return isReady ? echo(arrival) : 404;
  });

  const webhook = await alice.register(receiver, { ordering: 'fifo' });
  const events = [await publish('first'), await publish('second')];
  await eventually(async () => {
    expect(await shown()).toMatchObject({
      paused_by: ['verification'],
      verification: {
        state: 'waiting',
        verified_at: null,
        failed_at: expect.any(String),
        error_class: 'http_status',
        error: 'The response had the status 404.',
      },
    });
  });

  // The challenge is signed like any delivery.
  const [challenge] = receiver.arrivals as [Arrival];
  expect(new Webhook(webhook.secret).verify(challenge.body, challenge.headers)).toMatchObject({
    type: 'webhook.verification',
    data: { webhook_id: webhook.id, challenge: expect.stringMatching(/^[\w-]{43}$/) },
  });
  expect(new Set(typesOf(receiver.arrivals))).toEqual(new Set(['webhook.verification']));
  // Neither its owner nor a retry gets an event past it.
  expect((await alice.call('PATCH', `/api/webhooks/${webhook.id}`, { paused: false })).body).toMatchObject({
    paused_by: ['verification'],
  });

  isReady = true;
  expect((await alice.call('POST', `/api/webhooks/${webhook.id}/verify`)).status).toBe(202);
  await alice.waitForDeliveries(webhook, 2);
  expect(await shown()).toMatchObject({
    paused_by: [],
    verification: { state: 'verified', verified_at: expect.any(String), failed_at: null, error_class: null, error: null },
  });
  const delivered = receiver.arrivals.filter((arrival) => parse(arrival).type !== 'webhook.verification');
  expect(delivered.map(({ id }) => id)).toEqual(events);
  expect((await alice.call('POST', `/api/webhooks/${webhook.id}/verify`)).status).toBe(200);
});

test('another URL is verified anew before it gets an event', async () => {
  const bob = tidings.asUser('bob');
  const service = tidings.asUser('service', 'events:publish');
  const own = await startReceiver((_attempt, arrival) => echo(arrival));
  const victim = await startReceiver(() => 200);
  const webhook = await bob.register(own);
  const stateOf = async () => ((await bob.call('GET', `/api/webhooks/${webhook.id}`)).body as unknown as Shown).verification;
  await eventually(async () => {
    expect((await stateOf()).state).toBe('verified');
  });

  const changed = await bob.call('PATCH', `/api/webhooks/${webhook.id}`, { url: victim.url });
  expect(changed.body).toMatchObject({ paused_by: ['verification'], verification: { state: 'waiting', verified_at: null } });
  const event = await service.publish(syncFailed({ user_id: 'bob', error_message: 'none' }));
  await eventually(async () => {
    expect(await stateOf()).toMatchObject({ state: 'waiting', error_class: 'challenge' });
  });
  expect(new Set(typesOf(victim.arrivals))).toEqual(new Set(['webhook.verification']));

  await bob.call('PATCH', `/api/webhooks/${webhook.id}`, { url: `${own.url}/moved` });
  await bob.waitForDeliveries(webhook, 1);
  expect(own.counts()[event]).toBe(1);
  expect(new Set(typesOf(victim.arrivals))).toEqual(new Set(['webhook.verification']));
});
