import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { eventually } from '@tidings/testing';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { createApiServer, type ServerOptions } from './server.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});
const warnings: string[] = [];
const log = { warn: (message: string) => void warnings.push(message) };

async function serve(listener: RequestListener, options: Partial<ServerOptions>): Promise<string> {
  server = createApiServer(listener, { maxConnections: 100, log, checkEveryMs: 20, ...options }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
const answerAfterBody: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('done'));
};
const HEAD = 'POST / HTTP/1.1\r\nHost: tidings\r\n';

describe('a connection is closed', () => {
  test('that sends nothing', async () => {
    const client = await openRaw(await serve(answerAfterBody, { headersTimeoutMs: 100 }));
    expect(statusesIn(await client.closed)).toEqual([408]);
  });

  test('whose headers arrive too slowly', async () => {
    const client = await openRaw(await serve(answerAfterBody, { headersTimeoutMs: 200 }));
    client.send(HEAD);
    const drip = setInterval(() => {
      client.send('X-A: b\r\n');
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(drip);
  });

  test('whose body arrives too slowly', async () => {
    const client = await openRaw(await serve(answerAfterBody, { headersTimeoutMs: 100, requestTimeoutMs: 300 }));
    client.send(`${HEAD}Content-Length: 100000\r\n\r\n`);
    const drip = setInterval(() => {
      client.send('x');
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(drip);
  });

  test('whose body never ends', async () => {
    const client = await openRaw(await serve(answerAfterBody, { headersTimeoutMs: 100, requestTimeoutMs: 300 }));
    client.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const flood = setInterval(() => {
      client.send(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(flood);
  });

  test('that is kept alive and gets no further request', async () => {
    const client = await openRaw(await serve(answerAfterBody, { keepAliveTimeoutMs: 100 }));
    client.send(`${HEAD}Content-Length: 0\r\n\r\n`);
    expect(statusesIn(await client.closed)).toEqual([200]);
  });

  test('whose client does not read the response', async () => {
    const closed: Promise<unknown>[] = [];
    const url = await serve(
      (_request, response) => {
        closed.push(once(response, 'close'));
        response.write(Buffer.alloc(64 * 1024 * 1024));
      },
      { stalledTimeoutMs: 200 },
    );
    const client = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: tidings\r\n\r\n');
    await eventually(() => {
      expect(closed).toHaveLength(1);
    });
    await closed[0];
    client.destroy();
  });
});

test('a stream lasts longer than all of these timeouts: they limit what a client sends', async () => {
  const LONGEST_TIMEOUT_MS = 2000;
  const url = await serve(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const startedAt = performance.now();
      const timer = setInterval(() => {
        response.write(': heartbeat\n\n');
        if (performance.now() - startedAt < LONGEST_TIMEOUT_MS * 1.2) return;
        clearInterval(timer);
        response.end('last');
      }, 50);
    },
    // Forty heartbeats to a timeout: a machine that stands still for a while closes nothing.
    { headersTimeoutMs: 1000, requestTimeoutMs: 1500, keepAliveTimeoutMs: 1000, stalledTimeoutMs: LONGEST_TIMEOUT_MS },
  );
  const client = await openRaw(url);
  client.send('GET / HTTP/1.1\r\nHost: tidings\r\n\r\n');
  expect(await client.closed).toContain('last');
});

test('refuses connections beyond the limit and warns once; a connection that ends frees a slot', async () => {
  warnings.length = 0;
  const url = await serve(answerAfterBody, { maxConnections: 2 });
  const clients = [await openRaw(url), await openRaw(url)];
  for (let extra = 0; extra < 3; extra += 1) expect(await (await openRaw(url)).closed).toBe('');
  expect(warnings).toEqual(['Connections are refused: there are as many as MAX_CONNECTIONS allows.']);
  clients[0]?.destroy();
  await eventually(async () => {
    const next = await openRaw(url);
    next.send(`${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(statusesIn(await next.closed)).toEqual([200]);
  });
  clients[1]?.destroy();
});
