import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const event = {
  type: 'sync.completed',
  timestamp: '2026-11-24T10:00:00.000Z',
  data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 },
};
let headers: Record<string, string>;
beforeEach(async () => {
  await clear(api.database);
  const { body } = await publish(event);
  headers = {
    'webhook-id': (body as { id: string }).id,
    'webhook-timestamp': '1795514400',
    'webhook-signature': 'v1,c2lnbmF0dXJl',
    'user-agent': 'Tidings',
  };
});

const publish = (body: object, more: Record<string, string> = {}) =>
  api.as('service', 'events:publish').post('/api/events').set(more).send(body);
const accepted = async () => (await api.database.pool.query('SELECT FROM events')).rowCount;

describe('a delivery that is posted to the publish route', () => {
  test('is refused, and nothing is accepted', async () => {
    const { status, body } = await publish(event, headers);
    expect([status, body]).toEqual([508, expect.objectContaining({ title: 'The event would be published without end' })]);
    expect(await accepted()).toBe(1);
  });

  test('is refused after a gateway has changed the form of its JSON, and its user agent', async () => {
    const { data, ...rest } = event;
    const reordered = { data: Object.fromEntries(Object.entries(data).reverse()), ...rest, timestamp: '2026-11-24T10:00:00Z' };
    expect((await publish(reordered, { ...headers, 'user-agent': 'gateway/1.0' })).status).toBe(508);
    expect(await accepted()).toBe(1);
  });
});

describe('a publisher that forwards the headers of a delivery', () => {
  test.each<[string, object]>([
    ['type', { type: 'gaps.updated', data: { user_id: 'alice', entity_type: 'artist', entity_id: '1' } }],
    ['payload', { data: { ...event.data, items_synced: 2 } }],
    ['time', { timestamp: '2026-11-24T10:00:01.000Z' }],
    ['id', { id: 'its-own' }],
  ])('may publish an event with another %s', async (_what, more) => {
    expect((await publish({ ...event, ...more }, headers)).status).toBe(202);
  });

  test('may publish an event without a time', async () => {
    const { timestamp: _, ...untimed } = event;
    expect((await publish(untimed, headers)).status).toBe(202);
  });

  test('may publish a batch', async () => {
    expect((await publish({ events: [event] }, headers)).status).toBe(202);
  });
});

test('the delivery of another installation, whose event is not in this log, is an event as any other', async () => {
  expect((await publish(event, { ...headers, 'webhook-id': 'evt_of_another' })).status).toBe(202);
});

test('a publisher that repeats an event without the headers of a delivery publishes it', async () => {
  expect((await publish(event)).status).toBe(202);
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const { [name]: _, ...others } = headers;
    expect((await publish(event, others)).status).toBe(202);
  }
});
