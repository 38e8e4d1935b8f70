import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { startApi, type TestApi } from '../../test/start-api.js';
import { isDeeperThan } from './json-body.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const post = (path: string, body: string) =>
  api.as('service', 'events:publish').post(path).set('content-type', 'application/json').send(body);
/** Posts these bytes unchanged. */
const postBytes = (encoding: string, body: Uint8Array<ArrayBuffer>) =>
  fetch(`${api.url}/api/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${api.token('service', { scope: 'events:publish' })}`,
      'content-type': 'application/json',
      'content-encoding': encoding,
    },
    body,
  });
const nested = (levels: number, open = '[', close = ']') => `${open.repeat(levels)}${close.repeat(levels)}`;
const event = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };

describe('the depth of a body', () => {
  test('may be at most 32 levels', async () => {
    const tooDeep = await post('/api/events', nested(33));
    expect(tooDeep.status).toBe(400);
    expect(tooDeep.body).toMatchObject({
      title: 'The body is nested too deeply',
      detail: 'Arrays and objects may be nested at most 32 levels deep.',
    });
    expect((await post('/api/events', nested(32))).body.title).toBe('The request is not valid');
  });

  test.each([
    ['half a million arrays', nested(500_000)],
    ['a hundred thousand objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a megabyte of opening brackets', '['.repeat(1_000_000)],
    ['an event with deep data', JSON.stringify({ ...event, data: 0 }).replace('0', nested(400_000))],
    ['deep arrays after 500 events', `{"events":[${`${JSON.stringify(event)},`.repeat(500)}${nested(400_000)}]}`],
  ])('gets a 400 and does not stop the process: %s', async (_what, body) => {
    expect((await post('/api/events', body)).status).toBe(400);
    expect((await api.as('alice').get('/api/event-types')).status).toBe(200);
  });

  test('counts nested arrays and objects, nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 8 }), (value, levels) => {
        const depth = (inner: unknown): number =>
          typeof inner === 'object' && inner !== null ? 1 + Math.max(0, ...Object.values(inner).map(depth)) : 0;
        expect(isDeeperThan(value, levels)).toBe(depth(value) > levels);
      }),
    );
  });
});

describe('a compressed body', () => {
  test('is accepted', async () => {
    expect((await postBytes('gzip', gzipSync(JSON.stringify(event)))).status).toBe(202);
  });

  test('that decompresses to over 1 MB gets a 413: a bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '), { level: 9 });
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect((await postBytes('gzip', bomb)).status).toBe(413);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024);
  });

  test.each([
    ['that is not compressed', 'gzip', Buffer.from('{}'), 400],
    ['that is not compressed', 'br', Buffer.from('{}'), 400],
    ['that is truncated', 'gzip', gzipSync(JSON.stringify(event)).subarray(0, -8), 400],
    ['that holds another compressed body', 'gzip', gzipSync(gzipSync('{}')), 400],
    ['in an unknown encoding', 'zstd-42', Buffer.from('{}'), 415],
    ['that is compressed twice', 'gzip, gzip', gzipSync(gzipSync('{}')), 415],
  ])('%s (%s) is refused with a problem document', async (_what, encoding, body, status) => {
    const answer = await postBytes(encoding, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });
});

describe('a body with unknown or repeated names', () => {
  const LITERAL = '{"url":"https://hooks.example.com/"';
  const send = (text: string) => api.as('alice').post('/api/webhooks').set('content-type', 'application/json').send(text);

  test.each([
    'user_id',
    'id',
    'secret',
    'sealed_secret',
    'sealed_headers',
    'disabled_reason',
    'created_at',
    '__proto__',
    'constructor',
  ])('gets a 400 that names it, when a webhook is registered and when it is changed: %s', async (name) => {
    const created = await send(`${LITERAL},"${name}":"mine"}`);
    expect(created.status).toBe(400);
    expect(created.body.errors).toContainEqual({ field: name, message: 'is not a known field' });
    const changed = await api
      .as('alice')
      .patch('/api/webhooks/wh_01a20f8c-ddcb-7479-81f6-99da680d1ca2')
      .set('content-type', 'application/json')
      .send(`{"enabled":true,"${name}":{"enabled":false}}`);
    expect(changed.status).toBe(400);
    expect(changed.body.errors).toContainEqual({ field: name, message: 'is not a known field' });
  });

  test('changes no prototype, wherever the name is', async () => {
    await send(`${LITERAL},"headers":{"__proto__":"x","constructor":"y"}}`);
    await send(`${LITERAL},"retry":{"__proto__":{"max_attempts":1}}}`);
    await post(
      '/api/events',
      `{"type":"sync.completed","data":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}`,
    );
    await post('/api/events', `{"__proto__":{"polluted":true},"events":[]}`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['max_attempts']).toBeUndefined();
  });

  test('with the same name twice uses the last value, which is the one that is checked', async () => {
    const { status, body } = await send(`{"url":"file:///etc/passwd","url":"https://hooks.example.com/twice"}`);
    expect(status).toBe(201);
    expect(body.url).toBe('https://hooks.example.com/twice');
    expect((await send(`{"url":"https://hooks.example.com/","url":"http://127.0.0.1/"}`)).status).toBe(400);
  });

  test('with 80,000 unknown names gets a short response', async () => {
    const names = Array.from({ length: 80_000 }, (_, index) => `"k${String(index)}":1`).join(',');
    const { status, body, text } = await send(`{${names}}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(200_000);
    expect(body.errors).toHaveLength(1000);
    expect(body.detail).toContain('79,001 more');
  });
});
