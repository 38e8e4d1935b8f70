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
/** Those that are under way: they are answered when a test says so. */
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
const underWay = (count: number) =>
  eventually(() => {
    expect(responses).toHaveLength(count);
  });

describe('a drain', () => {
  test('answers what is under way, then closes that connection, and those that have sent nothing', async () => {
    const [busy, silent] = [await openRaw(url), await openRaw(url)];
    busy.send(REQUEST);
    await underWay(1);
    const drained = drain();
    responses[0]?.end('thanks');
    await drained;
    expect(statusesIn(await busy.closed)).toEqual([200]);
    expect(await silent.closed).toBe('');
  });

  test('waits for no answer whose client has gone, also where it waited behind another one', async () => {
    const [client, silent] = [await openRaw(url), await openRaw(url)];
    client.send(REQUEST + REQUEST + REQUEST);
    await underWay(3);
    const gone = once(responses[0] as ServerResponse, 'close');
    client.destroy();
    await gone;
    await drain();
    expect(await silent.closed).toBe('');
  });

  test('keeps no more listeners on a connection the more requests it carries', async () => {
    const client = await openRaw(url);
    for (let count = 1; count <= 20; count += 1) {
      client.send(REQUEST);
      await underWay(count);
      responses.at(-1)?.end();
    }
    await eventually(() => {
      expect(statusesIn(client.received())).toHaveLength(20);
    });
    expect(responses.at(-1)?.req.socket.listenerCount('close')).toBeLessThan(10);
    client.destroy();
  });
});
