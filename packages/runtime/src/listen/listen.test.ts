import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { ListenError, startListening, urlOf } from './listen.js';

const settings = { host: 'HOST', port: 'PORT' };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
const servers: Server[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

function create(): Server {
  const server = createServer((_request, response) => response.end());
  servers.push(server);
  return server;
}

const fail = (code: string, syscall = 'listen') => Object.assign(new Error(`listen ${code}`), { code, syscall });

/** A server whose `listen` fails with these errors in turn, and then listens. */
function failing(...errors: Error[]): { server: Server; hosts: string[] } {
  const server = create();
  const hosts: string[] = [];
  const listen = server.listen.bind(server);
  jest.spyOn(server, 'listen').mockImplementation(((port: number, host: string) => {
    hosts.push(host);
    const error = errors.shift();
    if (error === undefined) return listen(port, '127.0.0.1');
    process.nextTick(() => server.emit('error', error));
    return server;
  }) as never);
  return { server, hosts };
}

describe('a server', () => {
  test('on :: answers on the addresses of both families', async () => {
    const port = await startListening(create(), { host: '::', port: 0, settings });
    const reached = hasIpv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];
    for (const host of reached) expect((await fetch(`http://${host}:${String(port)}/`)).status).toBe(200);
  });

  test('on 127.0.0.1 answers there only', async () => {
    const port = await startListening(create(), { host: '127.0.0.1', port: 0, settings });
    expect((await fetch(`http://127.0.0.1:${String(port)}/`)).status).toBe(200);
    for (const address of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
      if (address.internal || address.scopeid) continue;
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      await expect(fetch(`http://${host}:${String(port)}/`)).rejects.toThrow();
    }
  });

  test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('on :: listens on IPv4 where there is no IPv6 (%s)', async (code) => {
    const { server, hosts } = failing(fail(code));
    expect(await startListening(server, { host: '::', port: 0, settings })).toBeGreaterThan(0);
    expect(hosts).toEqual(['::', '0.0.0.0']);
  });
});

describe('an error in one sentence', () => {
  test('names a taken port', async () => {
    const port = await startListening(create(), { host: '127.0.0.1', port: 0, settings });
    for (const host of ['127.0.0.1', '::']) {
      const second = startListening(create(), { host, port, settings: { host: 'HEALTH_HOST', port: 'HEALTH_PORT' } });
      const message = `Port ${String(port)} (HEALTH_PORT) is taken: stop the program that listens there, or set HEALTH_PORT to another port.`;
      await expect(second).rejects.toThrow(message);
    }
  });

  test.each([
    ['192.0.2.1', '"192.0.2.1" (HOST) is no address of this machine'],
    ['no-such-host.invalid', '"no-such-host.invalid" (HOST) is not known as a host name'],
  ])('names the host %s', async (host, message) => {
    const listening = startListening(create(), { host, port: 0, settings });
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toThrow(message);
  });

  test.each([
    ['EACCES', 'This process may not listen on port 80 (PORT)'],
    ['EAFNOSUPPORT', '"::1" (HOST) is an IPv6 address, and this machine has no IPv6'],
  ])('says the reason of %s', async (code, message) => {
    const { server } = failing(fail(code));
    const listening = startListening(server, { host: '::1', port: 80, settings });
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toThrow(message);
  });

  test('is not made of an unknown error', async () => {
    const { server } = failing(fail('EMFILE'));
    await expect(startListening(server, { host: '127.0.0.1', port: 0, settings })).rejects.toThrow('listen EMFILE');
  });
});

test.each([
  ['::', 'http://localhost:3000'],
  ['0.0.0.0', 'http://localhost:3000'],
  ['::1', 'http://[::1]:3000'],
  ['10.0.0.7', 'http://10.0.0.7:3000'],
])('the URL of a server on %s is %s', (host, url) => {
  expect(urlOf(host, 3000)).toBe(url);
});
