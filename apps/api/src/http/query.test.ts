import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openRaw } from '../../test/raw-socket.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { parseQuery } from './parse-query.js';

let api: TestApi;
let webhooks: string[];
let deliveries: string[];
beforeAll(async () => {
  api = await startApi();
  const register = async () =>
    String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
  webhooks = [await register(), await register()];
  for (const error_message of ['a', 'b']) {
    await api
      .as('service', 'events:publish')
      .post('/api/events')
      .send({ type: 'sync.failed', data: { user_id: 'alice', error_message } });
  }
  const { body } = await api.as('alice').get(`/api/webhooks/${String(webhooks[0])}/deliveries`);
  deliveries = body.data.map(({ id }: { id: string }) => id);
});
afterAll(() => api.stop());

const olga = () => api.as('olga', 'admin');
const deliveriesOf = (index: number) => `/api/webhooks/${String(webhooks[index])}/deliveries`;
/** Sends a request target as it is, which clients would encode. Returns the response. */
async function sendTarget(target: string, authorization: string): Promise<string> {
  const client = await openRaw(api.url);
  client.send(`GET ${target} HTTP/1.1\r\nHost: tidings\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`);
  return client.closed;
}

describe('a query', () => {
  test('is parsed as a form', () => {
    expect({ ...parseQuery('a=1&b=x+y%20z&c=&d&a=2&a=3&=e&%C3%A9=%F0%9F%8E%B5&&b%26=%3D') }).toEqual({
      ...{ a: ['1', '2', '3'], b: 'x y z', c: '', d: '', '': 'e', é: '🎵', 'b&': '=' },
    });
    expect(Object.keys(parseQuery('__proto__=1&constructor=2'))).toEqual(['__proto__', 'constructor']);
    expect({ ...parseQuery(undefined) }).toEqual({});
  });

  test.each([
    ['types', () => '/api/events'],
    ['types', () => '/api/events/stream'],
    ['types', () => '/api/admin/events'],
    ['status', () => deliveriesOf(0)],
    ['event_types', () => deliveriesOf(0)],
    ['event_types', () => `/api/admin/webhooks/${String(webhooks[0])}/deliveries`],
  ])('may have 50 items in a list, which are counted before one is checked: %s', async (name, path) => {
    const get = (query: string) => olga().get(`${path()}?${query}`);
    const errors = async (query: string) => ((await get(query)).body as { errors: unknown[] }).errors;
    const tooMany = (count: string) => [{ field: name, message: `must hold at most 50 values, and has ${count}` }];
    expect(await errors(`${name}=${'x,'.repeat(50)}`)).toEqual(tooMany('51'));
    expect(await errors(`${name}=${','.repeat(10_000)}`)).toEqual(tooMany('10,001'));
    expect(await errors(Array(51).fill(`${name}=x`).join('&'))).toEqual(tooMany('51'));
    expect((await errors(`${name}=${'x,'.repeat(49)}x`)).length).toBe(50);
  });

  test('may have a parameter against caches', async () => {
    for (const query of ['_=1764460000000', 'r=0.123', 't=1', 'ts=1', 'cb=1', 'nocache', '_=1&_=2'])
      expect([query, (await api.as('alice').get(`/api/webhooks?limit=1&${query}`)).status]).toEqual([query, 200]);
    expect((await api.as('alice').get('/api/webhooks?_=1&limits=1')).status).toBe(400);
  });

  test('of two hundred equal names is parsed as one list', () => {
    expect(parseQuery('a&'.repeat(200))['a']).toHaveLength(200);
  });

  test.each(['a=1&', '&a', '&&&a&b&'])('of more than 200 parameters is refused before they are looked at: %s', async (pair) => {
    const { status, body } = await api.as('alice').get(`/api/webhooks?${pair.repeat(250)}`);
    expect([status, body.title, body.errors]).toEqual([400, 'The query is not valid', undefined]);
    expect(body.detail).toContain('at most 200 parameters');
  });

  test('may have names that every object of JavaScript has, which are not known fields', async () => {
    for (const query of ['constructor=1', 'constructor=1&toString=2&toString=3']) {
      const { status, body } = await api.as('alice').get(`/api/webhooks?${query}`);
      expect(status).toBe(400);
      expect(body.errors).toContainEqual({ field: 'constructor', message: 'is not a known field' });
    }
  });

  test.each(['owner=jos%E9', 'owner=jos%E8', 'owner=%', 'owner=%zz', 'owner=%C3', 'owner=%ED%A0%BD', '%E9=1', 'owner=%C0%AF'])(
    'with bytes that are not UTF-8 is refused, and not replaced: %s',
    async (query) => {
      const { status, body } = await olga().get(`/api/admin/webhooks?${query}`);
      expect([status, body.title]).toEqual([400, 'The query is not valid']);
      expect(body.detail).toContain(query);
    },
  );

  test('without percent-encoding is refused by Node: a URL is ASCII', async () => {
    for (const target of ['/api/admin/owners/josé', '/api/admin/webhooks?owner=josé']) {
      expect(await sendTarget(target, `Bearer ${api.token('olga', { scope: 'admin' })}`)).toMatch(/^HTTP\/1.1 400/);
    }
  });

  test.each(['%E9', '%ED%A0%BD', '%C3', '%'])('and so a path: %s', async (owner) => {
    const authorization = `Bearer ${api.token('olga', { scope: 'admin' })}`;
    const answer = await sendTarget(`/api/admin/owners/${owner}`, authorization);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(answer).toContain('The path is not valid');
  });
});

describe('a repeated parameter', () => {
  test.each([
    ['/api/events', 'types'],
    ['deliveries', 'event_types'],
    ['deliveries', 'status'],
  ])('of %s that takes a list means a list: %s', async (path, name) => {
    const target = path === 'deliveries' ? deliveriesOf(0) : path;
    const [one, other] = name === 'status' ? ['failed', 'pending'] : ['gaps.*', 'sync.failed'];
    const read = async (query: string) => (await api.as('alice').get(`${target}?${query}`)).body.data;
    expect(await read(`${name}=${one}`)).toEqual([]);
    expect(await read(`${name}=${other}`)).toHaveLength(2);
    expect(await read(`${name}=${one}&${name}=${other}`)).toHaveLength(2);
    expect(await read(`${name}=${one},${other}`)).toHaveLength(2);
    const { status, body } = await api.as('alice').get(`${target}?${name}=${one}&${name}=unknown`);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: expect.stringContaining(name), message: expect.any(String) }]);
  });

  test('of the stream means a list, too', async () => {
    const { status, body } = await api.as('alice').get('/api/events/stream?types=gaps.*&types=unknown');
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'types', message: expect.stringContaining('"unknown" matches no event type') }]);
    expect((await api.as('alice').head('/api/events/stream?types=gaps.*&types=sync.*')).status).toBe(200);
  });

  test('that takes one value is refused, and all other errors with it', async () => {
    const { status, body } = await api.as('alice').get('/api/webhooks?limit=1&limit=2&limit=x&cursor=a&cursor=b&more=1');
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { field: 'more', message: 'is not a known field' },
      { field: 'limit', message: 'is given 3 times: it takes one value, so give it once' },
      { field: 'cursor', message: 'is given 2 times: it takes one value, so give it once' },
    ]);
    const stream = await api.as('alice').get('/api/events/stream?audience=own&audience=own');
    expect(stream.body.errors).toEqual([{ field: 'audience', message: 'is given 2 times: it takes one value, so give it once' }]);
  });
});

describe('the cursor of a list', () => {
  const RULE = 'must be the next_cursor of an earlier page of this list';
  const lists = (): [string, ReturnType<TestApi['as']>, string][] => [
    ['webhooks', api.as('alice'), '/api/webhooks'],
    ['deliveries', api.as('alice'), deliveriesOf(0)],
    ['deliveries of another webhook', api.as('alice'), deliveriesOf(1)],
    ['events', api.as('alice'), '/api/events'],
    ['webhooks of all owners', olga(), '/api/admin/webhooks'],
    ['audit log', olga(), '/api/admin/audit'],
  ];

  test('leads to the next page of its own list, and is refused by every other', async () => {
    const cursors = new Map<string, string>();
    for (const [name, caller, path] of lists()) {
      const first = await caller.get(`${path}?limit=1`);
      expect([name, first.status, first.body.data.length]).toEqual([name, 200, 1]);
      const cursor = String(first.body.next_cursor);
      const second = await caller.get(`${path}?limit=1&cursor=${cursor}`);
      expect([name, second.status]).toEqual([name, 200]);
      expect(second.body.data[0].id).not.toBe(first.body.data[0].id);
      cursors.set(name, cursor);
    }
    for (const [name, caller, path] of lists()) {
      for (const [other, cursor] of cursors) {
        if (other === name) continue;
        const { status, body } = await caller.get(`${path}?cursor=${cursor}`);
        expect([name, other, status, body.errors]).toEqual([name, other, 400, [{ field: 'cursor', message: RULE }]]);
      }
    }
  });

  test('is refused when it is garbage, or an id alone', async () => {
    const [webhook, delivery] = [String(webhooks[0]), String(deliveries[0])];
    for (const [name, caller, path] of lists()) {
      for (const cursor of [
        'garbage',
        '0',
        '999999999',
        '.',
        'null',
        webhook,
        delivery,
        `${delivery}.`,
        `${webhook}.AAAAAAAAAA`,
        '',
        'x'.repeat(101),
      ]) {
        const { status, body } = await caller.get(`${path}?cursor=${cursor}`);
        expect([name, cursor, status, body.errors]).toEqual([name, cursor, 400, [{ field: 'cursor', message: RULE }]]);
      }
    }
  });

  test("of another owner's webhooks is refused", async () => {
    const { body } = await api.as('alice').get('/api/webhooks?limit=1');
    expect((await api.as('bob').get(`/api/webhooks?cursor=${String(body.next_cursor)}`)).status).toBe(400);
  });

  test('of webhooks is also the cursor of their statistics, which have the same pages', async () => {
    const { body } = await api.as('alice').get('/api/webhooks?limit=1');
    const stats = await api.as('alice').get(`/api/webhooks/stats?limit=1&cursor=${String(body.next_cursor)}`);
    expect(stats.body.data).toMatchObject([{ webhook_id: webhooks[0] }]);
  });
});

test('no error has words of the validator', async () => {
  const bodies = [
    '{}',
    '[]',
    '7',
    'null',
    '""',
    '{"url":7}',
    '{"url":"https://example.com/","event_types":"a","headers":[],"retry":7,"enabled":"x"}',
    '{"event_types":[],"max_in_flight":1.5}',
  ];
  const paths = [
    '/api/webhooks',
    deliveriesOf(0).replace('deliveries', 'replay'),
    deliveriesOf(0).replace('deliveries', 'rotate-secret'),
    '/api/events',
  ];
  const caller = api.as('alice', 'events:publish admin');
  const answers = [];
  for (const path of paths) {
    for (const text of bodies) answers.push(await caller.post(path).set('content-type', 'application/json').send(text));
  }
  for (const text of bodies) {
    answers.push(await caller.patch('/api/admin/owners/bob').set('content-type', 'application/json').send(text));
    answers.push(
      await caller
        .patch(`/api/webhooks/${String(webhooks[0])}`)
        .set('content-type', 'application/json')
        .send(text),
    );
  }
  const messages = answers.flatMap(({ body }) => (body.errors ?? []) as { field: string; message: string }[]);
  expect(messages.length).toBeGreaterThan(40);
  for (const { message } of messages) {
    expect(message).not.toMatch(/invalid input|expected|received|nonoptional|undefined|too (small|big): |>=|<=|NaN|\bZod|regex/i);
  }
  expect(messages).toContainEqual({ field: 'url', message: 'is missing: it must be a string' });
  expect(messages).toContainEqual({ field: '', message: 'must be an object, not a list' });
  expect(messages).toContainEqual({ field: 'event_types', message: 'must be a list, not a string' });
});
