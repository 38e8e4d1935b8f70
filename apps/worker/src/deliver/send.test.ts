import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createAgents, createGuard, parseNetworks, type Agents } from '@tidings/egress';
import { createSender, type Send } from './send.js';

const TIMEOUT_MS = 300;
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

function sender({ allowed = '127.0.0.0/8', timeoutMs = TIMEOUT_MS } = {}): Send {
  const agents = createAgents({ guard: createGuard({ allowed: parseNetworks(allowed) }) });
  open.agents.push(agents);
  return createSender({ agents, timeoutMs });
}
const post = (url: string, send = sender()) => send({ url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' });

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

  test.each([301, 302, 307, 400, 404, 410, 429, 500, 503])('fails with a %i as http_status', async (status) => {
    const url = await http((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    expect(await post(url)).toMatchObject({ statusCode: status, errorClass: 'http_status' });
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
    const { durationMs, ...result } = await post(url, sender({ timeoutMs: 20_000 }));
    expect(result).toMatchObject({ statusCode: 200, errorClass: null });
    expect(durationMs).toBeLessThan(20_000);
  });

  test('does not decompress the response', async () => {
    const url = await http((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1e6))),
    );
    const { responseBody } = await post(url);
    expect(responseBody?.length).toBeLessThan(4096);
    expect(responseBody).not.toContain('xxxx');
  });

  test.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => undefined],
    ['stops within the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nA: b\r\n')],
    ['sends informational answers only', (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n')],
  ])('ends at the deadline when the receiver %s', async (_name, answer) => {
    expect(await post(await raw(answer))).toMatchObject({ statusCode: null, errorClass: 'timeout' });
  });

  test.each<[string, string]>([
    ['hangs in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
    ['breaks off in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc'],
  ])('succeeds when a 2xx %s: the status decides', async (name, text) => {
    const url = await raw((socket) => {
      socket.write(text);
      if (name.startsWith('breaks')) socket.end();
    });
    expect(await post(url)).toMatchObject({ statusCode: 200, errorClass: null, responseBody: 'abc' });
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
    const guarded = sender({ allowed: '', timeoutMs: 20_000 });
    expect(await post(url, guarded)).toMatchObject({ statusCode: null, errorClass: 'blocked' });
    expect(await post(url.replace('127.0.0.1', 'localhost'), guarded)).toMatchObject({ statusCode: null, errorClass: 'blocked' });
    expect(isReached).toBe(false);
  });

  test('reuses connections, and sends again when a kept connection was closed', async () => {
    const connections = new Set<Socket>();
    let requests = 0;
    const url = await raw((socket) => {
      connections.add(socket);
      requests += 1;
      const ok = (): void => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      ok();
      socket.on('data', () => {
        requests += 1;
        // The second request on the connection gets a response; the third finds the connection closed.
        if (requests === 2) ok();
        else socket.destroy();
      });
    });
    const send = sender();
    expect(await post(url, send)).toMatchObject({ statusCode: 200 });
    expect(await post(url, send)).toMatchObject({ statusCode: 200 });
    expect(connections.size).toBe(1);
    expect(await post(url, send)).toMatchObject({ statusCode: 200 });
    expect(connections.size).toBe(2);
  });
});
