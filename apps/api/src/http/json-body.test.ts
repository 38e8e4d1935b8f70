import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { openRaw } from '../../test/raw-socket.js';
import { startApi, type TestApi } from '../../test/start-api.js';

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
  test('may be at most 64 levels, on every route', async () => {
    const tooDeep = await api.as('alice').post('/api/webhooks').set('content-type', 'application/json').send(nested(65));
    expect(tooDeep.status).toBe(400);
    expect(tooDeep.body.errors).toEqual([{ field: '[0][0][0][0]', message: 'is nested more than 64 levels deep' }]);
    expect((await post('/api/events', nested(64))).body.errors[0].message).toContain('must be one event');
  });

  test.each([32, 33])('counts from the data of an event, alone or in a list, which may have 32 levels: %d', async (levels) => {
    const data = `{"user_id":"alice","error_message":${nested(levels - 1)}}`;
    const fault = levels > 32 ? 'is nested more than 32 levels deep' : 'must be a string, not a list';
    const field = levels > 32 ? 'data' : 'data.error_message';
    const alone = await post('/api/events', `{"type":"sync.failed","data":${data}}`);
    expect(alone.body.errors).toContainEqual({ field, message: fault });
    expect(alone.body.errors).toHaveLength(levels > 32 ? 2 : 1);
    const list = await post('/api/events', `{"events":[{"type":"sync.failed","data":${data}}]}`);
    expect(list.body.errors).toContainEqual({ field: `events[0].${field}`, message: fault });
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
});

describe('the number of chunks of a body', () => {
  /** Posts an event with so many spaces behind it, each character in a chunk of its own, and returns all that comes back. */
  const postInChunks = async (count: number, end: string) => {
    const body = JSON.stringify(event).padEnd(count);
    const socket = await openRaw(api.url);
    socket.send(
      `POST /api/events HTTP/1.1\r\nhost: tidings\r\nconnection: close\r\nauthorization: Bearer ${api.token('service', { scope: 'events:publish' })}\r\n` +
        `content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body.replaceAll(/[^]/g, '1\r\n$&\r\n')}${end}`,
    );
    return socket.closed;
  };

  test('may be 5,000', async () => {
    expect(await postInChunks(5000, '0\r\n\r\n')).toMatch(/^HTTP\/1\.1 202 /);
  });

  test('beyond that is a 400 that does not wait for the end of the body, and closes the connection', async () => {
    const received = await postInChunks(5001, '');
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received).toContain('The body comes in more than 5000 chunks. Send it with a Content-Length, or in larger chunks.');
  });
});

describe('the number of values of a body', () => {
  const message = 'holds more than 50,000 values and names, the limit: send less at a time';

  test.each([
    ['numbers', `[${'1,'.repeat(500_000)}1]`],
    ['empty objects', `{"events":[${'{},'.repeat(300_000)}{}]}`],
    ['lists of lists', `[${`${nested(40)},`.repeat(12_000)}1]`],
    ['names of one object', `{${Array.from({ length: 90_000 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}`],
  ])('may be at most 50,000: %s', async (_what, body) => {
    expect(body.length).toBeLessThan(1_048_576);
    const answer = await post('/api/events', body);
    expect([answer.status, answer.body.errors]).toEqual([400, [{ field: '', message }]]);
  });

  test.each([
    ['/api/webhooks/wh_01a20f72-bf62-73aa-bf71-cc66b4490a07/replay', 'status', 'statuses'],
    ['/api/webhooks/wh_01a20f72-bf62-73aa-bf71-cc66b4490a07/replay', 'event_types', 'types'],
    ['/api/webhooks', 'event_types', 'types'],
  ])('of a list of a small body may be 50, counted before one is checked: %s %s', async (path, field, noun) => {
    const { status, body } = await post(path, JSON.stringify({ [field]: Array(10_000).fill(1) }));
    expect(status).toBe(400);
    expect(body.errors).toContainEqual({ field, message: `must hold at most 50 ${noun}, and has 10,000` });
    expect(body.errors.length).toBeLessThan(3);
  });
});

describe('a long text that is wrong', () => {
  const LONG = 'x'.repeat(30_000);
  const send = (method: 'post' | 'get', path: string, body?: object, headers: Record<string, string> = {}) =>
    api.as('service', 'admin events:publish')[method](path).set(headers).send(body);

  test.each([
    ['an event type', () => send('post', '/api/events', { type: LONG, data: {} })],
    ['a field of an event', () => send('post', '/api/events', { type: 'sync.failed', data: { [LONG]: 1 } })],
    ['a field beside it', () => send('post', '/api/events', { type: 'sync.failed', data: {}, [LONG]: 1 })],
    ['a name twice', () => post('/api/events', `{"${LONG}":1,"${LONG}":1}`)],
    ['a field of a webhook', () => send('post', '/api/webhooks', { url: 'https://example.com/', [LONG]: 1 })],
    ['a URL', () => send('post', '/api/webhooks', { url: LONG })],
    ['the name of a host', () => send('post', '/api/webhooks', { url: `https://${LONG}/` })],
    ['a type of a webhook', () => send('post', '/api/webhooks', { url: 'https://example.com/', event_types: [LONG] })],
    ['the name of a header', () => send('post', '/api/webhooks', { url: 'https://example.com/', headers: { [LONG]: 'x' } })],
    ['a type of a list', () => send('get', `/api/events?types=${LONG.slice(0, 14_000)}`)],
    ['a cursor', () => send('get', `/api/events?cursor=${LONG.slice(0, 14_000)}`)],
    ['a parameter', () => send('get', `/api/events?${LONG.slice(0, 14_000)}=1`)],
    ['a path', () => send('get', `/api/${LONG.slice(0, 14_000)}`)],
    ['an id', () => send('get', `/api/events/${LONG.slice(0, 14_000)}`)],
    ['an owner', () => send('get', `/api/admin/owners/${LONG.slice(0, 14_000)}`)],
    ['a path of another method', () => send('post', `/api/events/${LONG.slice(0, 14_000)}`)],
    ['an encoding', () => send('get', `/api/events?a=%FF${LONG.slice(0, 14_000)}`)],
    [
      'a charset',
      () => send('post', '/api/events', {}, { 'content-type': `application/json; charset=${LONG.slice(0, 14_000)}` }),
    ],
    ['an Idempotency-Key', () => send('post', '/api/events', event, { 'idempotency-key': LONG.slice(0, 14_000) })],
  ])('is cut off in the problem document: %s', async (_what, request) => {
    const { status, text } = await request();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text.length).toBeLessThan(2000);
  });
});

describe('a compressed body', () => {
  test('is accepted', async () => {
    expect((await postBytes('gzip', gzipSync(JSON.stringify(event)))).status).toBe(202);
  });

  test('that decompresses to over the limit gets a 413: a bomb is not unpacked', async () => {
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
    'constructor',
    'prototype',
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

  test.each([
    ['', '{"url":"https://a.example/","url":"https://b.example/"}', 'url'],
    ['with the same value', '{"url":"https://a.example/","url":"https://a.example/"}', 'url'],
    ['once with an escape', '{"url":"https://a.example/","\\u0075rl":"https://b.example/"}', 'url'],
    ['in an inner object', `${LITERAL},"headers":{"X-A":"1","X-A":"2"}}`, 'headers["X-A"]'],
    ['in a list of objects', '{"events":[{"type":"a"},{"type":"a","type":"b"}]}', 'events[1].type'],
  ])('with a name twice %s is refused, and the problem names the place', async (_how, text, field) => {
    const { status, body } = await send(text);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field, message: 'is in the same object more than once' }]);
  });

  test.each(['__proto__', '\\u005f_proto__'])(
    'with a member %s, which JavaScript cannot store, is refused wherever it is',
    async (name) => {
      const webhook = (await send(`${LITERAL},"headers":{"x-key":"kept"}}`)).body;
      const change = await api
        .as('alice')
        .patch(`/api/webhooks/${String(webhook.id)}`)
        .set('content-type', 'application/json')
        .send(`{"headers":{"${name}":"x"}}`);
      expect(change.status).toBe(400);
      expect(change.body.errors).toEqual([
        { field: 'headers.__proto__', message: 'is a name that Tidings does not accept: rename the member' },
      ]);
      expect((await api.as('alice').get(`/api/webhooks/${String(webhook.id)}`)).body.header_names).toEqual(['x-key']);
      const counts = `{"type":"extraction.completed","data":{"version":"1","duration_s":1,"record_counts":{"${name}":7,"artists":1}}}`;
      expect((await post('/api/events', counts)).body.errors[0].field).toBe('data.record_counts.__proto__');
    },
  );

  test('keeps members whose names every JavaScript object has', async () => {
    const counts = { constructor: 1, prototype: 2, toString: 3, hasOwnProperty: 4, valueOf: 5 };
    const data = { version: '1', duration_s: 1, record_counts: counts };
    const { body } = await post('/api/events', JSON.stringify({ type: 'extraction.completed', data }));
    expect((await api.as('alice').get(`/api/events/${String(body.id)}`)).body.data).toEqual(data);
  });

  test('with 3,000 unknown names gets a short response', async () => {
    const names = Array.from({ length: 3000 }, (_, index) => `"k${String(index)}":1`).join(',');
    const { status, body, text } = await send(`{${names}}`);
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(200_000);
    expect(body.errors).toHaveLength(1000);
    expect(body.detail).toContain('2,001 more');
  });
});

describe('the bytes of a body', () => {
  const bytes = (body: Buffer, type = 'application/json') =>
    fetch(`${api.url}/api/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.token('service', { scope: 'events:publish' })}`, 'content-type': type },
      body: new Uint8Array(body),
    });
  const naming = (user: Buffer) => {
    const [before = '', after = ''] = JSON.stringify({ ...event, data: { ...event.data, user_id: '?' } }).split('?');
    return Buffer.concat([Buffer.from(before), user, Buffer.from(after)]);
  };

  test.each([
    ['in Latin-1', Buffer.from('jos\xe9', 'latin1')],
    ['another name in Latin-1', Buffer.from('jos\xe8', 'latin1')],
    ['cut within a character', Buffer.from('josé').subarray(0, 4)],
    ['too long for their character', Buffer.from([0xc1, 0xa1])],
    ['of half a surrogate pair', Buffer.from([0xed, 0xa0, 0xbd])],
    ['beyond the last character', Buffer.from([0xf4, 0x90, 0x80, 0x80])],
    ['of UTF-16', Buffer.from([0xff, 0xfe, 0x6a, 0x00])],
  ])('that are not UTF-8 (%s) are refused, and not replaced', async (_how, user) => {
    const answer = await bytes(naming(user));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ title: 'The body is not UTF-8' });
  });

  test('may begin with a byte order mark', async () => {
    expect((await bytes(Buffer.concat([Buffer.from('\ufeff'), naming(Buffer.from('josé'))]))).status).toBe(202);
  });

  test.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8'])('may be declared as charset=%s', async (charset) => {
    expect((await bytes(naming(Buffer.from('josé')), `application/json; charset=${charset}`)).status).toBe(202);
  });

  test.each(['utf-16', 'utf-16le', 'utf-32', 'iso-8859-1', 'windows-1252', 'us-ascii', 'utf-7', '"latin1"'])(
    'declared as charset=%s get a 415',
    async (charset) => {
      const answer = await bytes(naming(Buffer.from('jose')), `application/json; charset=${charset}`);
      expect(answer.status).toBe(415);
      expect(await answer.json()).toMatchObject({ title: 'The character set is not supported' });
    },
  );
});

describe('half of a surrogate pair', () => {
  test.each([
    ['in a value', '{"type":"sync.failed","data":{"user_id":"alice","error_message":"\\ud83d x"}}', 'data.error_message'],
    [
      'the second half, in a value',
      '{"type":"sync.failed","data":{"user_id":"alice","error_message":"\\uDE00"}}',
      'data.error_message',
    ],
    [
      'the halves in the wrong order',
      '{"type":"sync.failed","data":{"user_id":"alice","error_message":"\\ude00\\ud83d"}}',
      'data.error_message',
    ],
    ['in a type', '{"type":"\\ud83d","data":{}}', 'type'],
  ])('%s is refused', async (_where, text, field) => {
    const { status, body } = await post('/api/events', text);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field, message: expect.stringContaining('half of a surrogate pair') }]);
  });

  test('is refused in a name', async () => {
    const { status, body } = await post('/api/events', '{"type":"sync.failed","data":{"a\\ud83d":1}}');
    expect(status).toBe(400);
    expect(body.errors[0].message).toContain('half of a surrogate pair');
  });

  test('with its other half is a character', async () => {
    const { status, body } = await post(
      '/api/events',
      '{"type":"sync.failed","data":{"user_id":"alice","error_message":"\\ud83d\\ude00"}}',
    );
    expect(status).toBe(202);
    expect((await api.as('alice').get(`/api/events/${String(body.id)}`)).body.data.error_message).toBe('😀');
  });
});
