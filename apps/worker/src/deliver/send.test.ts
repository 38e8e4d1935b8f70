import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { createAgents, createGuard, parseNetworks, type Agents } from '@tidings/egress';
import { createSender, type Send } from './send.js';

/** The deadline of attempts that end at it. */
const TIMEOUT_MS = 1000;
/** The deadline of all others, so that a busy machine does not end them. */
const LONG_TIMEOUT_MS = 20_000;
const open: { servers: Server[]; agents: Agents[]; sockets: Socket[] } = { servers: [], agents: [], sockets: [] };

afterEach(() => {
  for (const agents of open.agents.splice(0)) agents.close();
  for (const server of open.servers.splice(0)) server.close();
  for (const socket of open.sockets.splice(0)) socket.destroy();
});

async function listen(server: Server): Promise<string> {
  open.servers.push(server);
  server.on('connection', (socket: Socket) => open.sockets.push(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
}
const http = (listener: RequestListener) => listen(createHttpServer(listener));
/** Starts a TCP server that responds to the first bytes of each connection with raw bytes. */
const raw = (answer: (socket: Socket) => void) =>
  listen(
    createServer(
      (socket) =>
        void socket.once('data', () => {
          answer(socket);
        }),
    ),
  );

function sender({ allowed = '127.0.0.0/8', timeoutMs = LONG_TIMEOUT_MS } = {}): Send {
  const agents = createAgents({ guard: createGuard({ allowed: parseNetworks(allowed) }) });
  open.agents.push(agents);
  return createSender({ agents, timeoutMs });
}
const post = (url: string, send = sender()) => send({ url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' });

/** A receiver in a thread of its own: it tells its port, then each request, and answers that a little later. */
const RECEIVER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:http').createServer((request, response) => {
    parentPort.postMessage('request');
    setTimeout(() => response.end('ok'), 50);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('an attempt', () => {
  test('posts the exact body, succeeds with a 2xx, and keeps the response body', async () => {
    const received: unknown[] = [];
    const url = await http((request, response) => {
      request.on('data', (chunk: Buffer) => received.push(request.method, request.headers['content-type'], chunk.toString()));
      request.on('end', () => response.writeHead(202).end('thanks'));
    });
    expect(await post(url)).toMatchObject({ statusCode: 202, errorClass: null, error: null, responseBody: 'thanks' });
    expect(received).toEqual(['POST', 'application/json', '{"a":1}']);
  });

  test.each([301, 302, 307, 400, 404, 410, 500, 503])('fails with a %i as http_status', async (status) => {
    const url = await http((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    expect(await post(url)).toMatchObject({ statusCode: status, errorClass: 'http_status' });
  });

  test.each([
    [429, undefined],
    [429, 'soon'],
    [429, '5'],
    [503, '5'],
    [503, '0'],
    [503, 'Sun Nov  6 08:49:37 1994'],
  ])('is throttled by a %i with the Retry-After %s', async (status, retryAfter) => {
    const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    const url = await http((_request, response) => response.writeHead(status, headers).end());
    expect(await post(url)).toMatchObject({ statusCode: status, errorClass: 'throttled' });
  });

  test('is not throttled by a 503 whose Retry-After says nothing', async () => {
    const url = await http((_request, response) => response.writeHead(503, { 'retry-after': 'soon' }).end());
    expect(await post(url)).toMatchObject({ statusCode: 503, errorClass: 'http_status' });
  });

  test('never follows a redirect', async () => {
    const paths: (string | undefined)[] = [];
    const url = await http((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await post(url);
    expect(paths).toEqual(['/hook']);
  });

  test('keeps at most 4 KB of a response, as text that PostgreSQL can hold', async () => {
    const url = await http((_request, response) => response.end(`\0${'x'.repeat(10_000)}`));
    const { responseBody } = await post(url);
    expect(responseBody).toHaveLength(4096);
    expect(responseBody).not.toContain('\0');
  });

  test('stops reading a body that does not end, and uses the status', async () => {
    const url = await http((_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(more));
      };
      more();
    });
    const { durationMs, ...result } = await post(url);
    expect(result).toMatchObject({ statusCode: 200, errorClass: null });
    expect(durationMs).toBeLessThan(LONG_TIMEOUT_MS);
  });

  test('decompresses no more of the response than it keeps', async () => {
    const url = await http((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1e6))),
    );
    expect((await post(url)).responseBody).toBe('x'.repeat(4096));
  });

  test('keeps the headers that were sent, and those of the response', async () => {
    const url = await http((_request, response) =>
      response.writeHead(307, { location: '/elsewhere', 'retry-after': '120', 'content-type': 'text/plain' }).end(),
    );
    const headers = { 'content-type': 'application/json', 'webhook-id': 'evt_1', authorization: 'Bearer secret' };
    const { requestHeaders, responseHeaders } = await sender()({ url, headers, body: '{}' });
    expect(requestHeaders).toEqual({
      ...headers,
      authorization: '[redacted]',
      'content-length': '2',
      host: new URL(url).host,
      'user-agent': 'Tidings',
    });
    expect(responseHeaders).toMatchObject({ location: '/elsewhere', 'retry-after': '120', 'content-type': 'text/plain' });
  });

  test('keeps the headers that were sent when there is no response, and none when there was no connection', async () => {
    expect(await post(await raw((socket) => socket.destroy()))).toMatchObject({
      requestHeaders: { 'content-type': 'application/json' },
      responseHeaders: null,
    });
    expect(await post('http://127.0.0.1/', sender({ allowed: '' }))).toMatchObject({
      requestHeaders: null,
      responseHeaders: null,
    });
  });

  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => undefined],
    ['stops within the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nA: b\r\n')],
    ['sends informational answers only', (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n')],
  ])('ends at the deadline when the receiver %s', async (_name, answer) => {
    const send = sender({ timeoutMs: TIMEOUT_MS });
    expect(await post(await raw(answer), send)).toMatchObject({ statusCode: null, errorClass: 'timeout' });
  });

  test.each<[string, string]>([
    ['hangs in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
    ['breaks off in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc'],
  ])('succeeds when a 2xx %s: the status decides', async (name, text) => {
    const url = await raw((socket) => {
      socket.write(text);
      if (name.startsWith('breaks')) socket.end();
    });
    const send = sender({ timeoutMs: TIMEOUT_MS });
    expect(await post(url, send)).toMatchObject({ statusCode: 200, errorClass: null, responseBody: 'abc' });
  });

  test.each<[string, string]>([
    ['099', 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'],
    ['999', 'HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n'],
    ['a response that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('fails as protocol with %s', async (_name, text) => {
    expect(await post(await raw((socket) => socket.write(text)))).toMatchObject({ errorClass: 'protocol' });
  });

  test('fails as reset when the connection is closed before a response', async () => {
    expect(await post(await raw((socket) => socket.destroy()))).toMatchObject({ statusCode: null, errorClass: 'reset' });
  });

  test('fails as connect when nothing listens', async () => {
    const server = createServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');
    expect(await post(url)).toMatchObject({ statusCode: null, errorClass: 'connect' });
  });

  test('does not connect to an address that is not public, by name or by number', async () => {
    let isReached = false;
    const url = await http((_request, response) => {
      isReached = true;
      response.end();
    });
    const guarded = sender({ allowed: '' });
    expect(await post(url, guarded)).toMatchObject({ statusCode: null, errorClass: 'blocked' });
    expect(await post(url.replace('127.0.0.1', 'localhost'), guarded)).toMatchObject({ statusCode: null, errorClass: 'dns' });
    expect(isReached).toBe(false);
  });

  test('has its response when that arrived in time, although the process stood still beyond the deadline', async () => {
    const receiver = new Worker(RECEIVER, { eval: true });
    const [port] = (await once(receiver, 'message')) as [number];
    const result = post(`http://127.0.0.1:${String(port)}/hook`, sender({ timeoutMs: TIMEOUT_MS }));
    // The thread has read the request, and answers while this one stands still.
    await once(receiver, 'message');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * TIMEOUT_MS);
    expect(await result).toMatchObject({ statusCode: 200, errorClass: null });
    await receiver.terminate();
  });

  test('fails as connect when the deadline passes before there is a connection', async () => {
    // Looks the name up, and gets no answer.
    const guard = createGuard({ allowed: [], resolve: () => undefined });
    const agents = createAgents({ guard });
    open.agents.push(agents);
    expect(await post('http://shop.example/', createSender({ agents, timeoutMs: 50 }))).toMatchObject({
      statusCode: null,
      errorClass: 'connect',
      error: 'The connection to the host failed.',
      errorCode: 'ECONNECTTIMEOUT',
    });
  });
});

/** Answers the first request of each connection, and does this with the second one, if the connection is used again. */
async function receiver(second: (socket: Socket) => void) {
  const requests: Socket[] = [];
  const url = await listen(
    createServer((socket) => {
      socket.on('data', () => {
        requests.push(socket);
        if (requests.filter((one) => one === socket).length === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else second(socket);
      });
    }),
  );
  return { url, requests };
}

describe('an attempt is one request', () => {
  test('on a connection that was kept', async () => {
    const { url, requests } = await receiver((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    const send = sender();
    expect(await post(url, send)).toMatchObject({ statusCode: 200, brokeWhenReused: false });
    expect(await post(url, send)).toMatchObject({ statusCode: 204, brokeWhenReused: false });
    expect(new Set(requests).size).toBe(1);
  });

  test('also when the kept connection breaks at once: it says so, and sends nothing more', async () => {
    const { url, requests } = await receiver((socket) => socket.destroy());
    const send = sender();
    let sent = 0;
    let second: Awaited<ReturnType<typeof post>>;
    do {
      await post(url, send);
      second = await post(url, send);
      sent += 2;
      // Not at once, if this machine stood still meanwhile.
    } while (second.durationMs >= 100);
    expect(second).toMatchObject({ statusCode: null, errorClass: 'reset', brokeWhenReused: true });
    expect(requests).toHaveLength(sent);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['within the status line', (socket) => socket.end('HTTP/1.1 2')],
    ['after an informational response', (socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')],
    // Shorter than any receiver that reads a request and works on it.
    ['after a while', (socket) => void setTimeout(() => socket.destroy(), 150)],
  ])('and no connection that was closed before it, when it breaks %s', async (_when, second) => {
    const { url, requests } = await receiver(second);
    const send = sender();
    await post(url, send);
    expect(await post(url, send)).toMatchObject({ statusCode: null, brokeWhenReused: false });
    expect(requests).toHaveLength(2);
  });

  test('and no connection that was closed before it, when it is the first of its connection', async () => {
    const url = await raw((socket) => socket.destroy());
    expect(await post(url)).toMatchObject({ errorClass: 'reset', brokeWhenReused: false });
  });

  test('on a connection of its own, if it is to be: kept ones stay as they are', async () => {
    const { url, requests } = await receiver((socket) => socket.destroy());
    const send = sender();
    const fresh = () => send({ url, headers: {}, body: '{}', onFreshConnection: true });
    await post(url, send);
    expect([await fresh(), await fresh()]).toMatchObject([{ statusCode: 200 }, { statusCode: 200 }]);
    expect(new Set(requests).size).toBe(3);
  });
});
