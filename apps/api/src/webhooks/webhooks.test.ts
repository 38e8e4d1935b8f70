import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endSuperseded, storedDeliveries } from '../../test/stored-deliveries.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
});

const url = 'https://example.com/hook';
const register = (owner: string, body: object = {}) =>
  api
    .as(owner)
    .post('/api/webhooks')
    .send({ url, ...body });
const publish = () =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'extraction.started', data: { version: '1', entity_types: [] } });

describe('registering a webhook', () => {
  test('returns the webhook with its secret', async () => {
    const { status, body, headers } = await register('alice', {
      event_types: ['sync.*', 'gaps.updated'],
      description: 'mine',
      headers: { 'X-Key': 'k' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      url,
      event_types: ['sync.*', 'gaps.updated'],
      description: 'mine',
      header_names: ['X-Key'],
      enabled: true,
    });
    expect(body.id).toMatch(/^wh_[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(headers['location']).toBe(`/api/webhooks/${String(body.id)}`);
    expect(Buffer.from(String(body.secret).slice('whsec_'.length), 'base64')).toHaveLength(32);
  });

  test('returns the secret once, stores it sealed and never logs it (I8)', async () => {
    const { body } = await register('alice', { headers: { authorization: 'Bearer receiver-credential' } });
    const { rows } = await api.database.pool.query<{ stored: string }>(
      "SELECT encode(sealed_secret || sealed_headers, 'escape') AS stored FROM webhooks",
    );
    const later = JSON.stringify([
      (await api.as('alice').get('/api/webhooks')).body,
      (await api.as('alice').get(`/api/webhooks/${String(body.id)}`)).body,
    ]);
    for (const text of [later, rows[0]?.stored ?? '', api.logged()]) {
      expect(text).not.toContain(String(body.secret).slice('whsec_'.length));
      expect(text).not.toContain('receiver-credential');
    }
  });

  test('is refused with every wrong field named, and stores nothing', async () => {
    const { status, body } = await register('alice', {
      url: 'http://localhost/',
      event_types: ['sync.nothing', 'gaps.*'],
      description: 7,
      headers: { 'webhook-id': 'x', ok: 'a\nb' },
      secret: 'mine',
    });
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'description',
      'event_types[0]',
      'headers.ok',
      'headers["webhook-id"]',
      'secret',
      'url',
    ]);
    expect(await api.database.prisma.webhook.count()).toBe(0);
  });

  test('is refused with the same header twice, and with characters that PostgreSQL refuses', async () => {
    const { body } = await register('alice', { description: 'a\u0000b', headers: { Authorization: 'a', authorization: 'b' } });
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['description', 'headers']);
  });

  test.each([
    ...['Connection', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Proxy-Authorization', 'Expect'],
    ...[
      'Host',
      'Content-Length',
      'content-type',
      'WEBHOOK-SIGNATURE',
      'webhook-anything',
      'User-Agent',
      'X-Forwarded-For',
      'Via',
    ],
  ])('is refused with the header %s, which Tidings sets itself', async (name) => {
    const { status, body } = await register('alice', { headers: { [name]: 'x' } });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: expect.stringContaining(name), message: 'is reserved: Tidings or a proxy sets it' }]);
  });

  test('is refused with more than 20 headers, before their names are looked at', async () => {
    const headers = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`not a name ${String(index)}`, 'x']));
    expect((await register('alice', { headers })).body.errors).toEqual([
      { field: 'headers', message: expect.stringMatching(/^must hold at most 20 headers, and has \d+$/) },
    ]);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty'])('accepts the header %s like any other', async (name) => {
    const { status, body } = await register('alice', { headers: { [name]: 'x' } });
    expect([status, body.header_names]).toEqual([201, [name]]);
  });

  test('refuses a header __proto__, which JavaScript cannot store', async () => {
    const { status, body } = await api
      .as('alice')
      .post('/api/webhooks')
      .set('content-type', 'application/json')
      .send(`{"url":"${url}","headers":{"__proto__":"x","a":"b"}}`);
    expect([status, body.errors?.[0].field]).toEqual([400, 'headers.__proto__']);
  });

  test('is refused with too many headers, too long headers, or a too large total', async () => {
    const many = (count: number, value: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${String(index)}`, value]));
    for (const headers of [many(21, 'v'), { x: 'v'.repeat(1025) }, { ['x'.repeat(101)]: 'v' }, many(5, 'v'.repeat(1000))]) {
      expect((await register('alice', { headers })).status).toBe(400);
    }
    expect((await register('alice', { headers: many(4, 'v'.repeat(1000)) })).status).toBe(201);
  });

  test('allows five webhooks an owner, also in twenty parallel requests', async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => register('alice')));
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array<number>(5).fill(201), ...Array<number>(15).fill(409)]);
    expect(await api.database.prisma.webhook.count({ where: { owner: 'alice' } })).toBe(5);
    expect((await register('bob')).status).toBe(201);
  });
});

describe('the list of webhooks', () => {
  test('is sorted by newest first, page by page', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift(String((await register('alice')).body.id));
    const first = await api.as('alice').get('/api/webhooks?limit=3');
    expect(first.body.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 3));
    const second = await api.as('alice').get(`/api/webhooks?limit=3&cursor=${String(first.body.next_cursor)}`);
    expect(second.body.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(3));
    expect(second.body.next_cursor).toBeNull();
  });

  test.each(['limit=0', 'limit=201', 'limit=ten', 'cursor=a%20b', 'nope=1', 'limit=1&limit=2'])(
    'is refused with ?%s',
    async (query) => {
      const { status, body } = await api.as('alice').get(`/api/webhooks?${query}`);
      expect(status).toBe(400);
      expect(body.errors[0].field).toBe(query.split('=')[0]);
    },
  );
});

describe('the headers of a webhook, which may hold credentials (I13),', () => {
  const change = (id: unknown, body: object) =>
    api
      .as('alice')
      .patch(`/api/webhooks/${String(id)}`)
      .send(body);
  const { origin } = new URL(url);

  test.each(['https://elsewhere.example.org/', `${origin}:8443/`])(
    'stay with their origin: a change to %s has to say what becomes of them',
    async (other) => {
      const { body: webhook } = await register('alice', { headers: { authorization: 'Bearer one' } });
      const refused = await change(webhook.id, { url: other });
      expect(refused.status).toBe(400);
      expect(refused.body.errors).toEqual([{ field: 'headers', message: expect.stringContaining('Send them again, or {}') }]);
      expect((await api.as('alice').get(`/api/webhooks/${String(webhook.id)}`)).body).toMatchObject({ url });
      const changed = await change(webhook.id, { url: other, headers: {} });
      expect(changed.body).toMatchObject({ url: new URL(other).href, header_names: [] });
      const given = await change(webhook.id, { url, headers: { authorization: 'Bearer two' } });
      expect(given.body).toMatchObject({ url, header_names: ['authorization'] });
    },
  );

  test('are kept with another URL of their origin, and no webhook without headers needs to name them', async () => {
    const { body: webhook } = await register('alice', { headers: { authorization: 'Bearer one' } });
    const path = await change(webhook.id, { url: `${origin}/another/path` });
    expect(path.body).toMatchObject({ url: `${origin}/another/path`, header_names: ['authorization'] });
    const { body: bare } = await register('alice');
    expect((await change(bare.id, { url: 'https://elsewhere.example.org/' })).status).toBe(200);
  });
});

describe('changing a webhook', () => {
  test('changes only the fields in the body', async () => {
    const { body } = await register('alice', { description: 'mine', headers: { a: 'b' } });
    const changed = await api
      .as('alice')
      .patch(`/api/webhooks/${String(body.id)}`)
      .send({ event_types: ['gaps.updated'], description: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ url, event_types: ['gaps.updated'], description: null, header_names: ['a'] });
    expect(changed.body.secret).toBeUndefined();
  });

  test.each<[object, string]>([
    [{ url: 'http://10.0.0.1/' }, 'url'],
    [{ enabled: 'no' }, 'enabled'],
    [{ id: 'wh_1' }, 'id'],
    [{}, ''],
  ])('is refused with %j', async (change, field) => {
    const { body } = await register('alice');
    const { status, body: problem } = await api
      .as('alice')
      .patch(`/api/webhooks/${String(body.id)}`)
      .send(change);
    expect(status).toBe(400);
    expect(problem.errors[0].field).toBe(field);
  });

  test('to disabled cancels pending deliveries, and later events get none', async () => {
    const { body } = await register('alice');
    await publish();
    await api
      .as('alice')
      .patch(`/api/webhooks/${String(body.id)}`)
      .send({ enabled: false });
    await publish();
    const { body: log } = await api.as('alice').get(`/api/webhooks/${String(body.id)}/deliveries`);
    expect(log.data).toMatchObject([{ status: 'cancelled', next_attempt_at: null }]);
  });
});

describe('removing a webhook', () => {
  test('gets a 204, and cancels pending deliveries', async () => {
    const { body } = await register('alice');
    await publish();
    expect((await api.as('alice').delete(`/api/webhooks/${String(body.id)}`)).status).toBe(204);
    expect((await api.as('alice').get(`/api/webhooks/${String(body.id)}`)).status).toBe(404);
    const [delivery] = await storedDeliveries(api.database);
    const { body: shown } = await api.as('alice').get(`/api/deliveries/${String(delivery?.id)}`);
    expect(shown).toMatchObject({ status: 'cancelled', next_attempt_at: null, waiting_for: null });
    await endSuperseded(api.database);
    expect(await storedDeliveries(api.database)).toMatchObject([{ status: 'cancelled', stage: null }]);
  });
});

describe("another owner's webhook", () => {
  test('gets the same responses as a webhook that does not exist, on every route (I7)', async () => {
    const id = String((await register('alice')).body.id);
    const missing = 'wh_01a20f72-bf62-73aa-bf71-cc66b4490a07';
    for (const [method, path, body] of [
      ['get', '', undefined],
      ['patch', '', { enabled: false }],
      ['delete', '', undefined],
      ['get', '/deliveries', undefined],
    ] as const) {
      const send = (webhookId: string) => api.as('mallory')[method](`/api/webhooks/${webhookId}${path}`).send(body);
      const [foreign, none] = [await send(id), await send(missing)];
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, request_id: '', detail: '' }).toEqual({ ...none.body, request_id: '', detail: '' });
      expect(foreign.body.detail).toBe(`There is no webhook "${id}".`);
    }
    expect((await api.as('mallory').get('/api/webhooks/%00')).status).toBe(404);
    expect((await api.as('mallory').get('/api/webhooks')).body.data).toEqual([]);
    expect((await api.as('alice').get(`/api/webhooks/${id}`)).body.enabled).toBe(true);
  });
});
