import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createClient, type StreamedEvent } from '@tidings/client';
import { gapsUpdated } from '@tidings/events';
import { startReceiver } from './harness/receiver.js';
import { createSignal } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
beforeAll(async () => {
  tidings = await startTidings();
});
afterAll(() => tidings.stop());

const gap = (user: string) => gapsUpdated({ user_id: user, entity_type: 'artist', entity_id: '45' });

test('follows the stream through a restart of the API, also before its first event', async () => {
  const alice = tidings.asUser('alice');
  const received: StreamedEvent[] = [];
  const signal = createSignal();
  const stop = new AbortController();
  let connections = 0;
  let savedId: string | null = null;
  const stream = createClient({
    url: tidings.url,
    token: () => {
      connections += 1;
      return alice.token;
    },
  }).stream({
    signal: stop.signal,
    maxWaitMs: 200,
    store: {
      load: () => null,
      save: (id) => {
        savedId = id;
        signal.notify();
      },
    },
    onEvent: (event) => {
      received.push(event);
      signal.notify();
    },
  });
  await signal.waitUntil(
    () => savedId !== null,
    () => 'The client saved no position of the stream.',
  );

  await tidings.api.stop('SIGTERM');
  await Promise.all(Array.from({ length: 20 }, () => tidings.publisher.publish(gap('alice'))));
  await tidings.startApi({ PORT: new URL(tidings.url).port });
  const last = await tidings.asUser('service', 'events:publish').publish(gap('alice'));
  await signal.waitUntil(
    () => received.at(-1)?.id === last,
    () => `21 events were expected; received: ${JSON.stringify(received.map(({ id }) => id))}`,
  );
  expect(received.map(({ id }) => id)).toEqual(await alice.eventLog());
  expect(received).toHaveLength(21);
  expect(received[0]).toMatchObject({ type: 'gaps.updated', data: gap('alice').data });
  expect(connections).toBeGreaterThan(1);
  stop.abort();
  await stream;
});

test('registers a webhook, publishes an event and lists its deliveries', async () => {
  const receiver = await startReceiver();
  const { api } = createClient({ url: tidings.url, token: tidings.asUser('bob', 'events:publish').token });
  const { data: webhook } = await api.POST('/api/webhooks', { body: { url: receiver.url, event_types: ['gaps.*'] } });
  const id = String(webhook?.id);
  expect(webhook?.secret).toMatch(/^whsec_/);
  expect((await api.GET('/api/webhooks')).data?.data.map((one) => one.id)).toEqual([id]);

  await api.POST('/api/events', {
    body: { type: 'gaps.updated', data: { user_id: 'bob', entity_type: 'artist', entity_id: '1' } },
  });
  await receiver.waitFor(1);
  const { data: deliveries } = await api.GET('/api/webhooks/{id}/deliveries', {
    params: { path: { id }, query: { event_types: 'gaps.*', status: ['succeeded', 'pending'] } },
  });
  expect(deliveries?.data).toHaveLength(1);

  const { error, response } = await api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body: { max_in_flight: 0 } });
  expect(response.status).toBe(400);
  expect(error).toMatchObject({ errors: [{ field: 'max_in_flight' }] });
  expect((await api.DELETE('/api/webhooks/{id}', { params: { path: { id } } })).response.status).toBe(204);
});

test('has the types of the OpenAPI document that the API serves (update: npm run generate:client)', async () => {
  const served: unknown = await (await fetch(`${tidings.url}/openapi.json`)).json();
  const committed: unknown = JSON.parse(readFileSync(new URL('../packages/client/openapi.json', import.meta.url), 'utf8'));
  expect(served).toEqual(committed);
});
