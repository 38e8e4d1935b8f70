import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '@tidings/testing';
import { startProxy, type Proxy } from './proxy.js';

let server: Server;
let proxy: Proxy;
const clients: Socket[] = [];

/** A server that repeats what it hears, behind a proxy. */
async function start(): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
}

function client(): { say: (text: string) => void; heard: () => string; isClosed: () => boolean } {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  socket.on('error', () => undefined);
  return { say: (text) => socket.write(text), heard: () => heard, isClosed: () => socket.destroyed };
}

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await proxy.stop();
  server.close();
});

test('passes bytes on, both ways', async () => {
  await start();
  const one = client();
  one.say('hello');
  await eventually(() => {
    expect(one.heard()).toBe('hello');
  });
});

test('resets connections while it is cut, and lets new ones through afterwards', async () => {
  await start();
  const one = client();
  one.say('a');
  await eventually(() => {
    expect(one.heard()).toBe('a');
  });
  proxy.cut();
  const two = client();
  await eventually(() => {
    expect([one.isClosed(), two.isClosed()]).toEqual([true, true]);
  });
  proxy.heal();
  const three = client();
  three.say('c');
  await eventually(() => {
    expect(three.heard()).toBe('c');
  });
});

test.each(['keep', 'reset'] as const)('in silence both ends believe in their connection; healed with "%s"', async (halfOpen) => {
  await start();
  const one = client();
  one.say('a');
  await eventually(() => {
    expect(one.heard()).toBe('a');
  });
  proxy.silence();
  const two = client();
  one.say('b');
  two.say('b');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([one.heard(), two.heard(), one.isClosed(), two.isClosed()]).toEqual(['a', '', false, false]);

  proxy.heal(halfOpen);
  const three = client();
  three.say('c');
  await eventually(() => {
    expect(three.heard()).toBe('c');
    expect([one.isClosed(), two.isClosed()]).toEqual(halfOpen === 'reset' ? [true, true] : [false, false]);
  });
  expect(one.heard()).toBe('a');
});
