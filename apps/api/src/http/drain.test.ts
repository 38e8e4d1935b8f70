import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tidings/testing';
import { openRaw, statusesIn } from '../../test/raw-socket.js';
import { createDrain } from './drain.js';

let server: Server;
let url: string;
let drain: () => Promise<void>;
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
const waitForRequests = (count: number) =>
  eventually(() => {
    expect(responses).toHaveLength(count);
  });

describe('a drain', () => {
  test('answers the request in flight, then closes its connection, and closes connections without a request immediately', async () => {
    const [busy, silent] = [await openRaw(url), await openRaw(url)];
    busy.send(REQUEST);
    await waitForRequests(1);
    const drained = drain();
    responses[0]?.end('thanks');
    await drained;
    expect(statusesIn(await busy.closed)).toEqual([200]);
    expect(await silent.closed).toBe('');
  });

  test('does not wait for responses whose client has disconnected, also those queued behind another response', async () => {
    const [client, silent] = [await openRaw(url), await openRaw(url)];
    client.send(REQUEST + REQUEST + REQUEST);
    await waitForRequests(3);
    const disconnected = once(responses[0] as ServerResponse, 'close');
    client.destroy();
    await disconnected;
    await drain();
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
