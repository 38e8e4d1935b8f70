import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, isFree, nextFreePort } from './port.js';

test('a port that is listened on is not free, and the next free one comes after it', async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await isFree(port)).toBe(false);
  expect(await nextFreePort(port)).toBeGreaterThan(port);
  server.close();
  await once(server, 'close');
});

test('a port that is meant for something else is left out', async () => {
  const port = await freePort();
  expect(await nextFreePort(port, { except: [port] })).toBeGreaterThan(port);
});

test('an address of another machine is an error, not a port that is taken', async () => {
  await expect(isFree(0, '192.0.2.1')).rejects.toThrow('EADDRNOTAVAIL');
});
