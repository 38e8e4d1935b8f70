import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '@tidings/testing';
import { startProxy, type Proxy } from './proxy.js';

let server: Server;
let proxy: Proxy;
const clients: Socket[] = [];

/** Starts an echo server behind a proxy. */
async function start(): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
}

function client(): { send: (text: string) => void; received: () => string; isClosed: () => boolean } {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('error', () => undefined);
  return { send: (text) => socket.write(text), received: () => received, isClosed: () => socket.destroyed };
}

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await proxy.stop();
  server.close();
});

test('forwards bytes in both directions', async () => {
  await start();
  const one = client();
  one.send('hello');
  await eventually(() => {
    expect(one.received()).toBe('hello');
  });
});

test('resets connections while it is cut, and forwards new ones after `heal`', async () => {
  await start();
  const one = client();
  one.send('a');
  await eventually(() => {
    expect(one.received()).toBe('a');
  });
  proxy.cut();
  const two = client();
  await eventually(() => {
    expect([one.isClosed(), two.isClosed()]).toEqual([true, true]);
  });
  proxy.heal();
  const three = client();
  three.send('c');
  await eventually(() => {
    expect(three.received()).toBe('c');
  });
});

test.each(['keep', 'reset'] as const)('keeps silent connections open at both ends until `heal("%s")`', async (halfOpen) => {
  await start();
  const one = client();
  one.send('a');
  await eventually(() => {
    expect(one.received()).toBe('a');
  });
  proxy.silence();
  const two = client();
  one.send('b');
  two.send('b');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([one.received(), two.received(), one.isClosed(), two.isClosed()]).toEqual(['a', '', false, false]);

  proxy.heal(halfOpen);
  const three = client();
  three.send('c');
  await eventually(() => {
    expect(three.received()).toBe('c');
    expect([one.isClosed(), two.isClosed()]).toEqual(halfOpen === 'reset' ? [true, true] : [false, false]);
  });
  expect(one.received()).toBe('a');
});
