import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { eventually } from '@tidings/testing';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
let authorization: string;
beforeAll(async () => {
  api = await startApi({ server: { headersTimeoutMs: 1500, requestTimeoutMs: 1500, keepAliveTimeoutMs: 100, checkEveryMs: 20 } });
  authorization = `Authorization: Bearer ${api.token('alice', { scope: 'events:publish' })}`;
});
afterAll(() => api.stop());

/** Sends these bytes and returns all that comes back until the server closes the connection, which it must. */
async function sendRaw(bytes: string): Promise<{ statuses: number[]; text: string }> {
  const client = await openRaw(api.url);
  client.send(bytes.replaceAll('AUTH', authorization));
  const text = await client.closed;
  expect((await supertest(api.url).get('/healthz')).status).toBe(200);
  return { statuses: statusesIn(text), text };
}
const SMUGGLED = 'GET /api/smuggled HTTP/1.1\r\nHost: tidings\r\nAUTH\r\n\r\n';
const post = (headers: string, body: string) =>
  `POST /api/events HTTP/1.1\r\nHost: tidings\r\nAUTH\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;

describe('a request that a proxy might parse differently is refused, and the bytes after it are not read as a request', () => {
  test.each([
    ['Content-Length and Transfer-Encoding', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['two different lengths', post('Content-Length: 2\r\nContent-Length: 200\r\n', `{}${SMUGGLED}`)],
    ['the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${SMUGGLED}`)],
    ['two lengths in one header', post('Content-Length: 2, 200\r\n', `{}${SMUGGLED}`)],
    ['a length with a sign', post('Content-Length: +2\r\n', `{}${SMUGGLED}`)],
    ['a negative length', post('Content-Length: -1\r\n', `{}${SMUGGLED}`)],
    ['a hexadecimal length', post('Content-Length: 0x2\r\n', `{}${SMUGGLED}`)],
    ['a length beyond the largest integer', post('Content-Length: 99999999999999999999\r\n', `{}${SMUGGLED}`)],
    ['a transfer coding other than chunked', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['chunked, followed by another coding', post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a space before the colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a folded header', post('Content-Length: 2\r\nX-Folded: a\r\n\tb\r\n', `{}`) + SMUGGLED],
    ['line feeds without carriage returns', post('Content-Length: 2\r\n', '{}').replaceAll('\r\n', '\n') + SMUGGLED],
    [
      'a line feed without a carriage return within the headers',
      post('X-A: b\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['a carriage return without a line feed', post('X-A: b\rTransfer-Encoding: chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
    ['a NUL in a header', post('X-A: a\0b\r\nContent-Length: 2\r\n', `{}${SMUGGLED}`)],
    ['a chunk with an invalid length', post('Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n0\r\n\r\n${SMUGGLED}`)],
    ['a chunk that is longer than its length', post('Transfer-Encoding: chunked\r\n', `1\r\n{}\r\n0\r\n\r\n${SMUGGLED}`)],
    [
      'a chunk that ends in a line feed without a carriage return',
      post('Transfer-Encoding: chunked\r\n', `2\n{}\n0\n\n${SMUGGLED}`),
    ],
    ['no host', 'GET /api/webhooks HTTP/1.1\r\nAUTH\r\n\r\n' + SMUGGLED],
  ])('%s', async (_what, bytes) => {
    const { statuses, text } = await sendRaw(bytes);
    expect(statuses.filter((status) => status !== 400)).toEqual([]);
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(text).not.toContain('/api/smuggled');
  });
});

describe('an unusual request', () => {
  test.each<[string, string, number[]]>([
    ['of HTTP/0.9', 'GET /api/webhooks\r\n\r\n', [401]],
    ['of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    ['of HTTP/9.9', 'GET / HTTP/9.9\r\nHost: tidings\r\n\r\n', [400]],
    ['that is TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    ['of random bytes', '\x00\xff\x00\xff\r\n\r\n', [400]],
    ['with an unknown method', 'STEAL /api/webhooks HTTP/1.1\r\nHost: tidings\r\n\r\n', [400]],
    ['of the method TRACE', 'TRACE /api/webhooks HTTP/1.1\r\nHost: tidings\r\nAUTH\r\n\r\n', [405]],
    ['of the method PROPFIND', 'PROPFIND /api/webhooks HTTP/1.1\r\nHost: tidings\r\nAUTH\r\n\r\n', [405]],
    ['for a tunnel (CONNECT)', 'CONNECT 127.0.0.1:5432 HTTP/1.1\r\nHost: 127.0.0.1:5432\r\n\r\n', []],
    [
      'for an upgrade to WebSocket',
      'GET /healthz HTTP/1.1\r\nHost: tidings\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      [200],
    ],
    [
      'for an upgrade to HTTP/2',
      'GET /healthz HTTP/1.1\r\nHost: tidings\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n',
      [200],
    ],
    [
      'with an absolute URL of another host, as proxies get them',
      'GET http://169.254.169.254/healthz HTTP/1.1\r\nHost: tidings\r\n\r\n',
      [200],
    ],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: tidings\r\n\r\n', [404]],
    ['for a path with a NUL', 'GET /api/webhooks/%00 HTTP/1.1\r\nHost: tidings\r\nAUTH\r\n\r\n', [404]],
    ['for a path with ..', 'GET /api/../../etc/passwd HTTP/1.1\r\nHost: tidings\r\nAUTH\r\n\r\n', [404]],
    ['with an unknown Expect', 'GET /healthz HTTP/1.1\r\nHost: tidings\r\nExpect: miracles\r\n\r\n', [417]],
    ['with one header of 20 KB', `GET /healthz HTTP/1.1\r\nHost: tidings\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, [431]],
    [
      'with many small headers of 20 KB in total',
      `GET /healthz HTTP/1.1\r\nHost: tidings\r\n${'X: yyyyy\r\n'.repeat(4000)}\r\n`,
      [431],
    ],
    ['with a path of 20 KB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: tidings\r\n\r\n`, [431]],
  ])('%s gets a response that is not a 5xx: %#', async (_what, bytes, expected) => {
    const { statuses, text } = await sendRaw(bytes.replace('Host: tidings\r\n', 'Host: tidings\r\nConnection: close\r\n'));
    expect(statuses).toEqual(expected);
    expect(text).not.toMatch(/AUTH|Bearer [a-z]/);
  });

  test('with more than a hundred headers is refused, or served without the further ones by an older Node', async () => {
    const { statuses } = await sendRaw(
      `GET /healthz HTTP/1.1\r\nHost: tidings\r\nConnection: close\r\n${'X: y\r\n'.repeat(500)}\r\n`,
    );
    expect([[200], [431]]).toContainEqual(statuses);
  });

  test('with Expect: 100-continue gets a 100', async () => {
    const { statuses } = await sendRaw(post('Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n', '{}'));
    expect(statuses).toEqual([100, 400]);
  });

  test('that is pipelined is answered in its order', async () => {
    const request = 'GET /healthz HTTP/1.1\r\nHost: tidings\r\n\r\n';
    expect((await sendRaw(request.repeat(50))).statuses).toEqual(Array<number>(50).fill(200));
  });

  test('that the client aborts halfway does not disturb later requests', async () => {
    const client = await openRaw(api.url);
    client.send(post('Content-Length: 1000\r\n', '{"type":').replaceAll('AUTH', authorization));
    client.destroy();
    await client.closed;
    expect((await api.as('alice').get('/api/webhooks')).status).toBe(200);
  });
});

describe('a slow request', () => {
  test('with a token gets a 408 when its body does not come', async () => {
    expect((await sendRaw(post('Content-Length: 1000\r\n', '{"type":'))).statuses).toEqual([408]);
  });

  test('without a token is refused before its body comes', async () => {
    const { statuses } = await sendRaw(post('Content-Length: 1000\r\n', '').replace('AUTH\r\n', ''));
    expect(statuses[0]).toBe(401);
  });

  test('does not end a stream, although a stream takes longer than a request may', async () => {
    const client = await openRaw(api.url);
    client.send(`GET /api/events/stream HTTP/1.1\r\nHost: tidings\r\n${authorization}\r\n\r\n`);
    // Each of these two requests lasts until its timeout.
    await sendRaw(post('Content-Length: 1000\r\n', '{"type":'));
    await sendRaw(post('Content-Length: 1000\r\n', '{"type":'));
    await api
      .as('service', 'events:publish')
      .post('/api/events')
      .send({
        type: 'sync.completed',
        data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 },
      });
    await eventually(() => {
      expect(client.received()).toContain('event: sync.completed');
    });
    client.destroy();
  });
});
