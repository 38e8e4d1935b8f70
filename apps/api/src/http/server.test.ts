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
const answerOnceRead: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end('done'));
};
const HEAD = 'POST / HTTP/1.1\r\nHost: tidings\r\n';

describe('a connection is closed', () => {
  test('on which nothing is said', async () => {
    const client = await openRaw(await serve(answerOnceRead, { headersTimeoutMs: 100 }));
    expect(statusesIn(await client.closed)).toEqual([408]);
  });

  test('whose headers come drop by drop', async () => {
    const client = await openRaw(await serve(answerOnceRead, { headersTimeoutMs: 200 }));
    client.send(HEAD);
    const drip = setInterval(() => {
      client.send('X-A: b\r\n');
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(drip);
  });

  test('whose body comes drop by drop', async () => {
    const client = await openRaw(await serve(answerOnceRead, { headersTimeoutMs: 100, requestTimeoutMs: 300 }));
    client.send(`${HEAD}Content-Length: 100000\r\n\r\n`);
    const drip = setInterval(() => {
      client.send('x');
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(drip);
  });

  test('whose body never ends', async () => {
    const client = await openRaw(await serve(answerOnceRead, { headersTimeoutMs: 100, requestTimeoutMs: 300 }));
    client.send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const flood = setInterval(() => {
      client.send(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    }, 20);
    expect(statusesIn(await client.closed)).toEqual([408]);
    clearInterval(flood);
  });

  test('that is kept for a next request which does not come', async () => {
    const client = await openRaw(await serve(answerOnceRead, { keepAliveTimeoutMs: 100 }));
    client.send(`${HEAD}Content-Length: 0\r\n\r\n`);
    expect(statusesIn(await client.closed)).toEqual([200]);
  });

  test('whose client does not take the answer', async () => {
    const closed: Promise<unknown>[] = [];
    const url = await serve(
      (_request, response) => {
        closed.push(once(response, 'close'));
        response.write(Buffer.alloc(64 * 1024 * 1024));
      },
      { stalledTimeoutMs: 200 },
    );
    const deaf = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
    deaf.pause();
    deaf.write('GET / HTTP/1.1\r\nHost: tidings\r\n\r\n');
    await eventually(() => {
      expect(closed).toHaveLength(1);
    });
    await closed[0];
    deaf.destroy();
  });
});

test('a stream outlives all of these times: they are for what a client sends', async () => {
  const url = await serve(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let beats = 0;
      const heart = setInterval(() => {
        beats += 1;
        response.write(`: ${String(beats)}\n\n`);
        if (beats < 20) return;
        clearInterval(heart);
        response.end('last');
      }, 50);
    },
    { headersTimeoutMs: 100, requestTimeoutMs: 200, keepAliveTimeoutMs: 100, stalledTimeoutMs: 200 },
  );
  const client = await openRaw(url);
  client.send('GET / HTTP/1.1\r\nHost: tidings\r\n\r\n');
  expect(await client.closed).toContain('last');
});

test('connections beyond the most are refused and told once; one that ends makes room', async () => {
  warnings.length = 0;
  const url = await serve(answerOnceRead, { maxConnections: 2 });
  const clients = [await openRaw(url), await openRaw(url)];
  for (let beyond = 0; beyond < 3; beyond += 1) expect(await (await openRaw(url)).closed).toBe('');
  expect(warnings).toEqual(['Connections are refused: there are as many as MAX_CONNECTIONS allows.']);
  clients[0]?.destroy();
  await eventually(async () => {
    const late = await openRaw(url);
    late.send(`${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(statusesIn(await late.closed)).toEqual([200]);
  });
  clients[1]?.destroy();
});
