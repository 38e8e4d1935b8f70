import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort, isFree, nextFreePort } from './port.js';

test('reports a port in use as not free, and finds a free one after it', async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await isFree(port)).toBe(false);
  expect(await nextFreePort(port)).toBeGreaterThan(port);
  server.close();
  await once(server, 'close');
});

test('leaves out the excepted ports', async () => {
  const port = await freePort();
  expect(await nextFreePort(port, { except: [port] })).toBeGreaterThan(port);
});

test('throws for an address of another machine, instead of reporting the port as taken', async () => {
  await expect(isFree(0, '192.0.2.1')).rejects.toThrow('EADDRNOTAVAIL');
});
