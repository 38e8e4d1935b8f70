import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { catalog, syncCompleted } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

let tidings: Tidings;
let alice: User;
let service: User;
beforeAll(async () => {
  tidings = await startTidings();
  alice = tidings.asUser('alice');
  service = tidings.asUser('service', 'events:publish');
});
afterAll(() => tidings.stop());

const sync = { user_id: 'alice', items_synced: 150, errors: 0, duration_s: 12.4 };

describe('an event that a service publishes', () => {
  test.each([
    [
      'through the API',
      async () => {
        const { status, body } = await service.call('POST', '/api/events', syncCompleted(sync));
        expect([status, body['status']]).toEqual([202, 'accepted']);
        return String(body['id']);
      },
    ],
    ['through the package', async () => (await tidings.publisher.publish(syncCompleted(sync))).id],
  ])('%s is delivered with a signature, and is in the delivery log', async (_route, publish) => {
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver, { event_types: ['sync.*'] });
    const before = Date.now();
    const eventId = await publish();

    const [arrival] = await receiver.waitFor(1);
    expect(arrival?.id).toBe(eventId);
    expect(arrival?.headers['content-type']).toBe('application/json');
    // Throws unless the signature and the timestamp are valid.
    const body = new Webhook(webhook.secret).verify(arrival?.body ?? '', arrival?.headers ?? {});
    expect(body).toEqual({ type: 'sync.completed', timestamp: expect.stringMatching(/^\d{4}-.*Z$/), data: sync });

    const deliveries = await alice.waitForDeliveries(webhook, 1);
    expect(deliveries).toMatchObject([
      {
        webhook_id: webhook.id,
        event_id: eventId,
        event_type: 'sync.completed',
        status: 'succeeded',
        attempt_count: 1,
        attempts: [{ number: 1, status_code: 200, error_class: null, error: null, response_body: 'thanks' }],
      },
    ]);
    const [attempt] = deliveries[0]?.attempts ?? [];
    expect(attempt?.duration_ms).toBeGreaterThanOrEqual(0);
    expect(attempt?.duration_ms).toBeLessThan(Date.now() - before);
    expect(Date.parse(attempt?.started_at ?? '')).toBeGreaterThanOrEqual(before);
    expect(receiver.arrivals).toHaveLength(1);
    expect((await alice.call('DELETE', `/api/webhooks/${webhook.id}`)).status).toBe(204);
  });

  test('twice with the same id is one event, also through both the API and the package', async () => {
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver);
    const event = syncCompleted(sync, { id: 'sync-4711' });
    expect(await service.call('POST', '/api/events', event)).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(await service.call('POST', '/api/events', event)).toMatchObject({ status: 200, body: { status: 'repeated' } });
    await tidings.publisher.publish(event);
    // The queue is processed in order: a delivery of the repeated event would arrive before this one.
    const { id } = await tidings.publisher.publish(syncCompleted(sync));
    await receiver.waitFor(2);
    expect((await alice.waitForDeliveries(webhook, 2)).map(({ event_id }) => event_id)).toEqual(['sync-4711', id]);
    expect(receiver.counts()).toEqual({ 'sync-4711': 1, [id]: 1 });
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });
});

describe('the event types of a new installation', () => {
  test('are served by the API', async () => {
    const data = catalog
      .describe()
      .toSorted((one, other) => (one.type < other.type ? -1 : 1))
      .map(({ ownerField, example, ...type }) => ({ ...type, owner_field: ownerField, examples: [example] }));
    expect(await alice.call('GET', '/api/event-types')).toMatchObject({ status: 200, body: { data } });
  });

  test.each(catalog.describe())('delivers and streams the example of $type', async ({ type, example }) => {
    const receiver = await startReceiver();
    const webhook = await alice.register(receiver, { event_types: [type] });
    const stream = await alice.follow({ types: type });
    const id = await service.publish({ type, data: example });

    const [arrival] = await receiver.waitFor(1);
    expect(new Webhook(webhook.secret).verify(arrival?.body ?? '', arrival?.headers ?? {})).toMatchObject({
      type,
      data: example,
    });
    expect(await stream.waitFor(1)).toEqual([{ id, type, data: example }]);
    expect(await alice.waitForDeliveries(webhook, 1)).toMatchObject([{ event_id: id, event_type: type, status: 'succeeded' }]);
    await alice.call('DELETE', `/api/webhooks/${webhook.id}`);
  });
});
