import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

interface Page {
  data: { id: string; event_id: string; webhook_id: string; status: string }[];
  next_cursor: string | null;
}
const register = async (owner: string): Promise<string> =>
  ((await api.as(owner).post('/api/webhooks').send({ url: 'https://example.com/' })).body as { id: string }).id;
const publish = async (id: string) => {
  const data = { version: '2026-11', entity_types: ['artists'] };
  await api.as('service', 'events:publish').post('/api/events').send({ id, type: 'extraction.started', data });
};
const list = async (owner: string, query: string) => (await api.as(owner).get(`/api/deliveries?${query}`)).body as Page;
const listAll = async (query: string) => (await api.as('olga', 'admin').get(`/api/admin/deliveries?${query}`)).body as Page;
const webhooksOf = ({ data }: Page) => data.map(({ webhook_id: webhook }) => webhook);

let alices: string[];
let bobs: string;
beforeEach(async () => {
  await clear(api.database);
  alices = [await register('alice'), await register('alice'), await register('alice')];
  bobs = await register('bob');
  for (const id of ['evt_before', 'evt_1', 'evt_after']) await publish(id);
});

describe('the deliveries of an event', () => {
  test("are those to the owner's webhooks, and to no others (I7), to the newest webhook first", async () => {
    const page = await list('alice', 'event_id=evt_1');
    expect(webhooksOf(page)).toEqual(alices.toReversed());
    expect(page).toMatchObject({ data: [{ event_id: 'evt_1', status: 'pending' }, {}, {}], next_cursor: null });
    expect(webhooksOf(await list('bob', 'event_id=evt_1'))).toEqual([bobs]);
    expect((await list('carol', 'event_id=evt_1')).data).toEqual([]);
  });

  test('are those to the webhooks of all owners for operators', async () => {
    const page = await listAll('event_id=evt_1');
    expect(new Set(webhooksOf(page))).toEqual(new Set([...alices, bobs]));
    expect(page.data.every(({ event_id: event }) => event === 'evt_1')).toBe(true);
  });

  test('come in pages', async () => {
    for (const read of [(query: string) => list('alice', query), listAll]) {
      const all = await read('event_id=evt_1');
      const first = await read('event_id=evt_1&limit=2');
      const second = await read(`event_id=evt_1&limit=2&cursor=${String(first.next_cursor)}`);
      expect([...first.data, ...second.data]).toEqual(all.data);
      expect(second.next_cursor).toBeNull();
    }
  });

  test('have a status that follows their webhook', async () => {
    await api.as('bob').patch(`/api/webhooks/${bobs}`).send({ enabled: false });
    expect((await list('bob', 'event_id=evt_1')).data).toMatchObject([{ status: 'cancelled' }]);
  });

  test('are shown with the event', async () => {
    const { body } = await api.as('alice').get('/api/events/evt_1');
    const { data } = await list('alice', 'event_id=evt_1');
    expect(body).toMatchObject({ deliveries: { written: 3, complete: true, data, next_cursor: null } });
    const all = await api.as('olga', 'admin').get('/api/admin/events/evt_1');
    expect(all.body).toMatchObject({ deliveries: { written: 4, data: (await listAll('event_id=evt_1')).data } });
  });
});

test('an event that does not exist, or that the owner may not see, is a 404', async () => {
  const data = { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 };
  await api.as('service', 'events:publish').post('/api/events').send({ id: 'evt_of_alice', type: 'sync.completed', data });
  for (const id of ['evt_unknown', 'evt_of_alice'])
    expect((await api.as('bob').get(`/api/deliveries?event_id=${id}`)).status).toBe(404);
  expect((await api.as('olga', 'admin').get('/api/admin/deliveries?event_id=evt_unknown')).status).toBe(404);
});

test.each(['', 'event_id=', 'event_id=%00', 'event_id=evt_1&cursor=evt_1', 'event_id=evt_1&cursor=nonsense'])(
  'a list of deliveries is refused without an event, or with a cursor of another list: %j',
  async (query) => {
    expect((await api.as('alice').get(`/api/deliveries?${query}`)).status).toBe(400);
    expect((await api.as('olga', 'admin').get(`/api/admin/deliveries?${query}`)).status).toBe(400);
  },
);

test('the cursor of an owner is none of the list for operators, and none of the list of a webhook with the id of the event', async () => {
  const own = await list('alice', 'event_id=evt_1&limit=1');
  const all = await listAll('event_id=evt_1&limit=1');
  expect(
    (await api.as('olga', 'admin').get(`/api/admin/deliveries?event_id=evt_1&cursor=${String(own.next_cursor)}`)).status,
  ).toBe(400);
  expect((await api.as('alice').get(`/api/deliveries?event_id=evt_1&cursor=${String(all.next_cursor)}`)).status).toBe(400);
  await publish(String(alices[0]));
  const like = await list('alice', `event_id=${String(alices[0])}&limit=1`);
  const { status } = await api
    .as('alice')
    .get(`/api/webhooks/${String(alices[0])}/deliveries?cursor=${String(like.next_cursor)}`);
  expect([like.data.length, status]).toEqual([1, 400]);
});

test('the cursor of another event, or of another owner, is refused', async () => {
  const other = await list('alice', 'event_id=evt_before&limit=1');
  const bobsDelivery = (await list('bob', 'event_id=evt_1')).data[0]?.id;
  for (const cursor of [other.next_cursor, bobsDelivery])
    expect((await api.as('alice').get(`/api/deliveries?event_id=evt_1&cursor=${String(cursor)}`)).status).toBe(400);
});
