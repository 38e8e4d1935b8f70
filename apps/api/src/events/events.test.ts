import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { expandNext } from '@tidings/database';
import { catalog } from '@tidings/events';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
});

const sync = (user_id: string, items_synced = 1) => ({
  type: 'sync.completed',
  data: { user_id, items_synced, errors: 0, duration_s: 1.5 },
});
const everyone = { type: 'extraction.started', data: { version: '2026-11', entity_types: ['artists'] } };
const publish = (body: object, scope = 'events:publish') => api.as('service', scope).post('/api/events').send(body);
const poll = (owner: string, query = '') => api.as(owner).get(`/api/events?${query}`);

describe('one event', () => {
  const register = (owner: string, fields: object = {}) =>
    api
      .as(owner)
      .post('/api/webhooks')
      .send({ url: 'https://example.com/', ...fields });
  const read = async (owner: string, id: string) => (await api.as(owner).get(`/api/events/${id}`)).body;
  const asOperator = async (id: string) => (await api.as('olga', 'admin').get(`/api/admin/events/${id}`)).body;

  test('is shown as accepted, with the number of its deliveries', async () => {
    await register('alice');
    await register('alice', { event_types: ['sync.*'] });
    await register('alice', { event_types: ['gaps.*'] });
    await publish({ ...sync('alice'), id: 'sync-9', timestamp: '2026-01-01T00:00:00Z' });
    const shown = {
      ...{ id: 'sync-9', type: 'sync.completed', timestamp: '2026-01-01T00:00:00.000Z', data: sync('alice').data },
      ...{
        accepted_at: expect.stringMatching(/Z$/),
        deliveries: { written: 2, complete: true, data: [{}, {}], next_cursor: null },
      },
    };
    expect(await read('alice', 'sync-9')).toMatchObject(shown);
    expect(await asOperator('sync-9')).toMatchObject({ ...shown, owner: 'alice', position: expect.any(Number) });
  });

  test('of another owner is a 404, like an id that does not exist, also for operators (I7)', async () => {
    await publish({ ...sync('alice'), id: 'sync-9' });
    for (const [scope, id] of [
      ['', 'sync-9'],
      ['admin', 'sync-9'],
      ['', 'sync-10'],
      ['', '%00'],
    ] as const) {
      expect((await api.as('bob', scope).get(`/api/events/${id}`)).status).toBe(404);
    }
    expect((await api.as('olga', 'admin').get('/api/admin/events/sync-10')).status).toBe(404);
  });

  test('that many webhooks match is complete when workers have written all deliveries, and an owner sees the number of theirs only', async () => {
    await register('alice', { event_types: ['extraction.*'] });
    await api.database.pool.query(`
      INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
      SELECT 'wh_zz_' || n, 'owner_' || n, 'https://example.com/', '{*}', '\\x00' FROM generate_series(1, 150) AS n`);
    await publish({ ...everyone, id: 'everyone-9' });
    const progress = async () => [
      ...[(await read('alice', 'everyone-9')).deliveries, (await read('carol', 'everyone-9')).deliveries],
      (await asOperator('everyone-9')).deliveries,
    ];
    const none = { written: 0, complete: false };
    expect(await progress()).toMatchObject([none, none, none]);
    // The fifo webhooks come first; there are none.
    await expandNext(api.database.pool, { limit: 100 });
    await expandNext(api.database.pool, { limit: 100 });
    expect(await progress()).toMatchObject([{ written: 1, complete: false }, none, { written: 100, complete: false }]);
    while ((await expandNext(api.database.pool)) !== null);
    const complete = (written: number) => ({ written, complete: true });
    expect(await progress()).toMatchObject([complete(1), complete(0), complete(151)]);
  });
});

describe('publishing', () => {
  test('returns 202 and the id when the event is committed (I1)', async () => {
    const { status, body } = await publish(sync('alice'));
    expect(status).toBe(202);
    expect(body).toEqual({ id: expect.stringMatching(/^evt_[0-9a-f-]{36}$/), status: 'accepted' });
    expect(await api.database.prisma.event.findMany()).toMatchObject([{ id: body.id, owner: 'alice', type: 'sync.completed' }]);
  });

  test('writes one pending delivery for every enabled matching webhook, together with the event', async () => {
    const register = (owner: string, fields: object = {}) =>
      api
        .as(owner)
        .post('/api/webhooks')
        .send({ url: 'https://example.com/', ...fields });
    const [matching, , , disabled] = await Promise.all([
      register('alice'),
      register('alice', { event_types: ['gaps.updated'] }),
      register('bob'),
      register('alice', { enabled: false }),
    ]);
    expect(disabled.status).toBe(201);
    await publish(sync('alice'));
    expect(await api.database.prisma.delivery.findMany()).toMatchObject([
      { webhookId: matching.body.id, status: 'pending', owner: 'alice' },
    ]);
    await api.database.pool.query('DELETE FROM webhooks');
  });

  test('returns 202 when no partition of the log holds the present time, because a clock was moved', async () => {
    await api.database.pool.query(`
      DROP TABLE events_first, deliveries_first, attempts_first;
      DELETE FROM partitions;
      SELECT add_partition('first', NULL, now() - interval '10 days')`);
    expect((await publish(sync('alice'))).status).toBe(202);
    expect(await api.database.prisma.event.count()).toBe(1);
  });

  test('an id that is already in the event log returns 200, and creates nothing', async () => {
    expect((await publish({ ...sync('alice'), id: 'sync-7' })).status).toBe(202);
    const again = await publish({ ...sync('alice'), id: 'sync-7', timestamp: '2026-01-01T00:00:00Z' });
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ id: 'sync-7', status: 'repeated' });
    expect(await api.database.prisma.event.count()).toBe(1);
  });

  test('an id of another event returns a 409 that names the id, and accepts nothing of the request', async () => {
    await publish({ ...sync('alice'), id: 'sync-7' });
    await publish({ ...everyone, id: 'everyone-7' });
    const { status, body } = await publish({
      events: [sync('bob'), { ...sync('alice', 99), id: 'sync-7' }, { ...sync('alice'), id: 'everyone-7' }],
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({ title: 'The id is taken', status: 409 });
    expect(body.errors.map(({ message }: { message: string }) => message).sort()).toEqual([
      '"everyone-7" is the id of another event',
      '"sync-7" is the id of another event',
    ]);
    expect(await api.database.prisma.event.count()).toBe(2);
  });

  test('one id fifty times at the same time creates one event and one delivery', async () => {
    const { body: webhook } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    const responses = await Promise.all(Array.from({ length: 50 }, () => publish({ ...sync('alice'), id: 'sync-8' })));
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array<number>(49).fill(200), 202]);
    expect(await api.database.prisma.event.count()).toBe(1);
    expect(await api.database.prisma.delivery.count({ where: { webhookId: String(webhook.id) } })).toBe(1);
    await api.database.pool.query('DELETE FROM webhooks');
  });

  test('accepts up to 1,000 events, all or none, and returns their ids in order', async () => {
    const events = Array.from({ length: 1000 }, (_, index) => ({ ...sync('alice', index), id: `e-${String(index)}` }));
    const { status, body } = await publish({ events });
    expect(status).toBe(202);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(events.map(({ id }) => id));
    expect((await publish({ events: [...events, sync('alice')] })).body.errors).toEqual([
      { field: 'events', message: 'must be a list of 1 to 1000 events' },
    ]);
    expect((await publish({ events: [] })).status).toBe(400);
    expect(await api.database.prisma.event.count()).toBe(1000);
  });

  test('names every wrong field of every event, and then accepts no event', async () => {
    const { status, body } = await publish({
      events: [everyone, sync('alice', -1), { type: 'nope', data: {} }, { ...sync('alice'), extra: 1 }],
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'events[1].data.items_synced',
      'events[2].type',
      'events[3].extra',
    ]);
    expect(await api.database.prisma.event.count()).toBe(0);
  });

  test('needs the scope events:publish', async () => {
    const { status, body, headers } = await publish(sync('alice'), 'admin');
    expect(status).toBe(403);
    expect(body.detail).toContain('events:publish');
    expect(headers['www-authenticate']).toContain('insufficient_scope');
  });
});

describe('the event log', () => {
  test('lists events of the owner and events for everyone, oldest first (I7)', async () => {
    await publish({ events: [sync('alice', 1), sync('bob', 2), everyone, sync('alice', 3)] });
    const payloads = (body: { data: { type: string; data: object }[] }) => body.data.map(({ data }) => data);
    expect(payloads((await poll('alice')).body)).toEqual([sync('alice', 1).data, everyone.data, sync('alice', 3).data]);
    expect(payloads((await poll('carol')).body)).toEqual([everyone.data]);
  });

  test('has a cursor that stays the same while there are no new events', async () => {
    await publish({ events: [sync('alice', 1), sync('alice', 2), sync('alice', 3)] });
    const first = await poll('alice', 'limit=2');
    expect(first.body.data).toHaveLength(2);
    const second = await poll('alice', `limit=2&cursor=${String(first.body.next_cursor)}`);
    expect(second.body.data).toMatchObject([{ data: { items_synced: 3 } }]);
    const third = await poll('alice', `cursor=${String(second.body.next_cursor)}`);
    expect(third.body).toEqual({ data: [], next_cursor: second.body.next_cursor });
  });

  test('is filtered by type, and a pattern without a match is a 400 that lists the types', async () => {
    await publish({ events: [sync('alice'), everyone] });
    expect((await poll('alice', 'types=extraction.*')).body.data).toMatchObject([{ type: 'extraction.started' }]);
    const { status, body } = await poll('alice', 'types=sync.nothing');
    expect(status).toBe(400);
    expect(body.errors[0].message).toContain('gaps.updated');
  });

  test('does not accept an event of another owner as the cursor', async () => {
    const { body } = await publish(sync('bob'));
    expect((await poll('alice', `cursor=${String(body.id)}`)).status).toBe(400);
  });
});

describe('the list of event types', () => {
  test('has each type with its JSON Schema and an example', async () => {
    const { body } = await api.as('alice').get('/api/event-types');
    expect(body.data.map(({ type }: { type: string }) => type)).toEqual(catalog.types.toSorted());
    expect(body.data.find(({ type }: { type: string }) => type === 'sync.completed')).toMatchObject({
      audience: 'owner',
      owner_field: 'user_id',
      schema: { type: 'object', additionalProperties: false },
      examples: [{ user_id: 'alice' }],
      version: 1,
      default_version: 1,
      versions: [1],
    });
  });
});
