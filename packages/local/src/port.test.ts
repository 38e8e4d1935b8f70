import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
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

test('finds no port that the system could give to somebody else before a process listens on it', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Linux gives ports from 32,768 on, macOS from 49,152 on.
  expect((server.address() as AddressInfo).port).toBeGreaterThanOrEqual(32_768);
  for (const port of ports) expect(port).toBeLessThan(32_768);
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
