import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Response } from 'express';
import { eventually } from '@tidings/testing';
import { NO_METRICS } from '../../test/stream-fixture.js';
import { frame } from './frame.js';
import { openSession, type Session } from './session.js';

let server: Server;
let session: Session;
let response: Response;
let client: IncomingMessage;
beforeEach(async () => {
  server = createServer((_request, answer) => {
    response = answer as unknown as Response;
    session = openSession({
      response,
      owner: 'alice',
      seesAll: false,
      types: null,
      expiresAt: Infinity,
      tokenId: undefined,
      issuedAt: undefined,
      position: 0,
      resumeId: 'evt_0',
      maxBufferedBytes: 64 * 1024 * 1024,
      reconnectMs: () => 1000,
      metrics: NO_METRICS,
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  [client] = (await once(request, 'response')) as [IncomingMessage];
  client.on('error', () => undefined);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const first = frame({ id: 'e', type: 'a.b', data: '' });
const large = frame({ id: 'e', type: 'a.b', data: 'x'.repeat(1024 * 1024) });
/** Writes more than the kernel's buffers hold. */
const writeUntilFull = () => {
  for (let count = 0; session.drained() === undefined && count < 60; count += 1) session.write(large);
  return session.drained();
};

test('the headers of a stream are sent together with everything that is written synchronously after them', async () => {
  let taken: number | undefined;
  server.on('request', () => {
    session.write(first);
    const { bytesWritten, writableLength } = response.socket as Socket;
    taken = bytesWritten - writableLength;
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [received] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(taken).toBe(0);
  expect(received.toString()).toMatch(/^HTTP\/1.1 200 OK[^]*\r\nid: evt_0\nretry: 1000\n[^]*\nevent: a.b\n/);
});

describe('waiting for a client', () => {
  test('ends when the client has taken the waiting data, and leaves no listeners, however often it happens', async () => {
    client.resume();
    const listeners = () => [
      response.listenerCount('close'),
      response.socket?.listenerCount('drain'),
      response.socket?.listenerCount('error'),
    ];
    const before = listeners();
    for (let count = 0; count < 15; count += 1) {
      const full = writeUntilFull();
      expect(full).toBeDefined();
      await full;
    }
    await eventually(() => {
      expect(listeners()).toEqual(before);
    });
  });

  test('ends when the client disconnects', async () => {
    client.pause();
    const full = writeUntilFull();
    expect(full).toBeDefined();
    client.destroy();
    await full;
    expect(session.isOpen).toBe(false);
  });
});
