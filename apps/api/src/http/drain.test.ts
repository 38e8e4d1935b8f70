import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { eventually } from '@tidings/testing';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { createDrain } from './drain.js';

let server: Server;
let url: string;
let drain: (idleMs: number) => Promise<void>;
/** The responses of requests in flight: a test ends each of them itself. */
let responses: ServerResponse[];
beforeEach(async () => {
  responses = [];
  server = createServer((_request, response) => responses.push(response)).listen(0, '127.0.0.1');
  drain = createDrain(server);
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const REQUEST = 'GET / HTTP/1.1\r\nHost: tidings\r\n\r\n';
/** Clients in a thread of their own: each sends the request once the kernel has established its connection. */
const CLIENTS = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, count, established, request } } = require('node:worker_threads');
  const clients = Array.from({ length: count }, () => new Promise((resolve) => {
    let text = '';
    const client = connect(port, '127.0.0.1', () => {
      client.write(request);
      Atomics.add(established, 0, 1);
      Atomics.notify(established, 0);
    });
    client.on('data', (data) => { text += data; });
    client.on('error', ({ code }) => { text = code; });
    client.on('close', () => { resolve(text.split('\\r\\n')[0]); });
  }));
  Promise.all(clients).then((texts) => { parentPort.postMessage(texts); });
`;
/** Longer than a test. */
const FOREVER = 600_000;
const waitUntilRefused = () =>
  eventually(async () => {
    const connection = openRaw(url);
    connection.then(
      (client) => {
        client.destroy();
      },
      () => undefined,
    );
    await expect(connection).rejects.toThrow('ECONNREFUSED');
  });
const waitForRequests = (count: number) =>
  eventually(() => {
    // Not of the array: a failed check would print every response, which takes seconds.
    expect(responses.length).toBe(count);
  });

describe('a drain', () => {
  test('answers the request in flight, then closes its connection, and closes connections without a request immediately', async () => {
    const [busy, silent] = [await openRaw(url), await openRaw(url)];
    busy.send(REQUEST);
    await waitForRequests(1);
    const drained = drain(0);
    responses[0]?.end('thanks');
    await drained;
    expect(statusesIn(await busy.closed)).toEqual([200]);
    expect(await silent.closed).toBe('');
  });

  test('tells clients in flight to open no further request on their connection', async () => {
    const client = await openRaw(url);
    client.send(REQUEST);
    await waitForRequests(1);
    const drained = drain(0);
    responses[0]?.end();
    await drained;
    expect(await client.closed).toMatch(/^Connection: close$/im);
  });

  test('answers requests on connections that were open, used or not, and closes each after its response', async () => {
    const [used, silent] = [await openRaw(url), await openRaw(url)];
    used.send(REQUEST);
    await waitForRequests(1);
    responses[0]?.end();
    await eventually(() => {
      expect(statusesIn(used.received())).toEqual([200]);
    });
    const drained = drain(FOREVER);
    await waitUntilRefused();

    for (const [index, client] of [used, silent].entries()) {
      client.send(REQUEST);
      await waitForRequests(2 + index);
      responses.at(-1)?.end();
      expect(await client.closed).toMatch(/^Connection: close$/im);
    }
    await drained;
  });

  test('closes idle connections after that time, although a request is in flight', async () => {
    const [used, busy] = [await openRaw(url), await openRaw(url)];
    used.send(REQUEST);
    await waitForRequests(1);
    responses[0]?.end();
    busy.send(REQUEST);
    await waitForRequests(2);
    const drained = drain(1);
    expect(statusesIn(await used.closed)).toEqual([200]);
    responses[1]?.end();
    await drained;
    expect(statusesIn(await busy.closed)).toEqual([200]);
  });

  test('ends when the clients have closed their idle connections', async () => {
    const silent = await openRaw(url);
    const drained = drain(FOREVER);
    await waitUntilRefused();
    silent.destroy();
    await drained;
  });

  test('answers connections that were established before it and were not yet accepted', async () => {
    const count = 5;
    const { port } = server.address() as AddressInfo;
    const established = new Int32Array(new SharedArrayBuffer(4));
    const clients = new Worker(CLIENTS, { eval: true, workerData: { port, count, established, request: REQUEST } });
    const results = once(clients, 'message');
    // The server cannot accept meanwhile, so the kernel keeps the connections.
    for (let seen = 0; seen < count; seen = Atomics.load(established, 0)) Atomics.wait(established, 0, seen);
    const drained = drain(FOREVER);
    server.on('request', (_request, response) => response.end());
    await drained;
    expect(await results).toEqual([Array<string>(count).fill('HTTP/1.1 200 OK')]);
  });

  test('does not wait for responses whose client has disconnected, also those queued behind another response', async () => {
    const [client, silent] = [await openRaw(url), await openRaw(url)];
    client.send(REQUEST + REQUEST + REQUEST);
    await waitForRequests(3);
    const disconnected = once(responses[0] as ServerResponse, 'close');
    client.destroy();
    await disconnected;
    await drain(0);
    expect(await silent.closed).toBe('');
  });

  test('leaves no listeners on a connection, however many requests it carries', async () => {
    const client = await openRaw(url);
    for (let count = 1; count <= 20; count += 1) {
      client.send(REQUEST);
      await waitForRequests(count);
      responses.at(-1)?.end();
    }
    await eventually(() => {
      expect(statusesIn(client.received())).toHaveLength(20);
    });
    expect(responses.at(-1)?.req.socket.listenerCount('close')).toBeLessThan(10);
    client.destroy();
  });
});
