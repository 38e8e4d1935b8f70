import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createTestAuthority, type TestAuthority } from '@tidings/testing';
import { parseNetworks } from './address.js';
import { createAgents, type Agents, type SchemeAgents } from './agents.js';
import { parseCertificates } from './certificates.js';
import { createGuard, type Resolve } from './guard.js';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await createTestAuthority();
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
});

const toLoopback: Resolve = (_host, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};

/** Nothing listens on the first address. */
const twoAddresses: Resolve = (_host, _options, callback) => {
  callback(null, [
    { address: '127.0.0.2', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]);
};

interface Options {
  allowed?: string;
  proxy?: string;
  ca?: string;
  resolve?: Resolve;
}
function agents({ allowed = '127.0.0.0/8', proxy, ca, resolve = toLoopback }: Options = {}): Agents {
  const made = createAgents({
    guard: createGuard({ allowed: parseNetworks(allowed), resolve }),
    proxy: proxy === undefined ? undefined : new URL(proxy),
    ca,
  });
  cleanups.push(made.close);
  return made;
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** Starts a server that records its connections, and responds with the Host header of the request. */
async function receiver(tls?: { key: string; cert: string }) {
  const server = tls ? createTlsServer(tls) : createServer();
  const connections: Socket[] = [];
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => connections.push(socket));
  server.on('request', (incoming, response) => response.end(incoming.headers.host));
  return { port: await listen(server), connections };
}

/** Sends a request. Returns the body of the response, or the code of the error. */
async function get(url: string, { http, https }: SchemeAgents): Promise<string> {
  const secure = url.startsWith('https:');
  const sent = secure ? tlsRequest(url, { agent: https }) : request(url, { agent: http });
  sent.end();
  return new Promise((resolve) => {
    sent.on('response', (response) => void text(response).then(resolve));
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve(String(error.code));
    });
  });
}

describe('an agent', () => {
  test.each(['http', 'https'])(
    'dials the address that was checked, and keeps the socket for the next request (%s)',
    async (scheme) => {
      const { port, connections } = await receiver(scheme === 'https' ? await authority.issue() : undefined);
      const egress = agents({ ca: authority.cert });
      const url = `${scheme}://shop.example:${String(port)}/`;
      expect(await get(url, egress)).toBe(`shop.example:${String(port)}`);
      expect(await get(url, egress)).toBe(`shop.example:${String(port)}`);
      expect(connections).toHaveLength(1);
    },
  );

  test.each([
    'http://shop.example',
    'https://shop.example',
    'http://127.0.0.1',
    'https://127.0.0.1',
    'http://[::1]',
    'http://2130706433',
  ])('opens no socket to %s, which is not public', async (origin) => {
    const { port, connections } = await receiver();
    const code = origin.endsWith('shop.example') ? 'EBLOCKEDNAME' : 'EBLOCKED';
    expect(await get(`${origin}:${String(port)}/`, agents({ allowed: '' }))).toBe(code);
    expect(connections).toEqual([]);
  });

  test('looks a name up once for each socket: a DNS answer cannot change between the check and the connect', async () => {
    const { port, connections } = await receiver();
    const lookups: string[] = [];
    const rebinding: Resolve = (host, options, callback) => {
      lookups.push(host);
      toLoopback(host, options, (error) => {
        callback(error, [{ address: lookups.length === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
      });
    };
    const egress = agents({ resolve: rebinding });
    expect(await get(`http://shop.example:${String(port)}/`, egress)).toContain('shop.example');
    for (const socket of connections) socket.destroy();
    await once(connections[0] as Socket, 'close');
    expect(['EBLOCKEDNAME', 'ECONNRESET']).toContain(await get(`http://shop.example:${String(port)}/`, egress));
    expect(await get(`http://shop.example:${String(port)}/`, egress)).toBe('EBLOCKEDNAME');
    expect(new Set(lookups)).toEqual(new Set(['shop.example']));
    expect(connections).toHaveLength(1);
  });
});

describe('the addresses of a host', () => {
  test.each(['http', 'https'])('are all tried (%s)', async (scheme) => {
    const { port } = await receiver(scheme === 'https' ? await authority.issue() : undefined);
    const egress = agents({ resolve: twoAddresses, ca: authority.cert });
    expect(await get(`${scheme}://shop.example:${String(port)}/`, egress)).toBe(`shop.example:${String(port)}`);
  });
});

test('a fresh agent has a new socket for each request', async () => {
  const { port, connections } = await receiver();
  const { fresh } = agents();
  const url = `http://shop.example:${String(port)}/`;
  for (const expected of [1, 2]) {
    await get(url, fresh);
    expect(connections).toHaveLength(expected);
  }
});

describe('a certificate', () => {
  test('of an authority in EGRESS_CA_FILE is trusted, in addition to the well-known ones', async () => {
    const { port } = await receiver(await authority.issue());
    const url = `https://shop.example:${String(port)}/`;
    expect(await get(url, agents())).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const another = await createTestAuthority();
    expect(await get(url, agents({ ca: parseCertificates(`${another.cert}\n# ours\n${authority.cert}`) }))).toContain(
      'shop.example',
    );
  });

  test('is verified even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const { port } = await receiver(await authority.issue());
    const script = `
      import { request } from 'node:https';
      import { createAgents, createGuard, parseNetworks } from '${join(import.meta.dirname, '../dist/index.js')}';
      const { https: agent } = createAgents({ guard: createGuard({ allowed: parseNetworks('127.0.0.0/8') }) });
      request('https://127.0.0.1:${String(port)}/', { agent, rejectUnauthorized: false })
        .on('response', ({ statusCode }) => process.stdout.write(String(statusCode)) && process.exit())
        .on('error', ({ code }) => process.stdout.write(code))
        .end();`;
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
    expect(stdout).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test.each([
    ['', 'it holds no certificate'],
    ['-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----', 'certificate 1 in it cannot be read'],
  ])('that cannot be read is a mistake in the configuration: %j', (pem, mistake) => {
    expect(() => parseCertificates(pem)).toThrow(mistake);
  });
});

describe('through a proxy', () => {
  /** Starts a real proxy that records the targets of its CONNECT requests, and connects to them. */
  async function startProxy(answer = 'HTTP/1.1 200 Connection established\r\n\r\n') {
    const requests: { target: string | undefined; authorization: string | undefined }[] = [];
    const server = createServer();
    server.on('connect', (incoming, client: Socket) => {
      requests.push({ target: incoming.url, authorization: incoming.headers['proxy-authorization'] });
      if (!answer.includes(' 200 ')) {
        client.end(answer);
        return;
      }
      const { hostname, port } = new URL(`http://${String(incoming.url)}`);
      const target = connect(Number(port), hostname, () => {
        client.write(answer);
        client.pipe(target).pipe(client);
      });
      client.on('error', () => undefined);
      target.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
      client.on('close', () => target.destroy());
    });
    return { url: `http://me:p%40ss@127.0.0.1:${String(await listen(server))}`, requests };
  }

  test.each(['http', 'https'])('CONNECT has the address that was checked, and TLS uses the host name (%s)', async (scheme) => {
    const { port, connections } = await receiver(
      scheme === 'https' ? await authority.issue({ names: ['shop.example'] }) : undefined,
    );
    const proxy = await startProxy();
    const egress = agents({ proxy: proxy.url, ca: authority.cert });
    const url = `${scheme}://shop.example:${String(port)}/`;
    expect(await get(url, egress)).toBe(`shop.example:${String(port)}`);
    expect(await get(url, egress)).toBe(`shop.example:${String(port)}`);
    const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(proxy.requests).toEqual([{ target: `127.0.0.1:${String(port)}`, authorization }]);
    expect(connections).toHaveLength(1);
  });

  test.each(['http', 'https'])('all addresses of a host are tried (%s)', async (scheme) => {
    const { port } = await receiver(scheme === 'https' ? await authority.issue() : undefined);
    const proxy = await startProxy();
    const egress = agents({ resolve: twoAddresses, ca: authority.cert, proxy: proxy.url });
    expect(await get(`${scheme}://shop.example:${String(port)}/`, egress)).toBe(`shop.example:${String(port)}`);
    expect(proxy.requests.map(({ target }) => target)).toEqual([`127.0.0.2:${String(port)}`, `127.0.0.1:${String(port)}`]);
  });

  test('certificates are verified too', async () => {
    const { port } = await receiver(await authority.issue({ names: ['other.example'] }));
    const proxy = await startProxy();
    const egress = agents({ proxy: proxy.url, ca: authority.cert });
    expect(await get(`https://shop.example:${String(port)}/`, egress)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test.each([
    ['with a proxy', '127.0.0.1', true],
    ['with a proxy', 'localhost', false],
    ['with a proxy', '127.0.0.2', false],
    ['without one', '127.0.0.1', true],
    ['without one', 'localhost', false],
  ])(
    'the certificate of an address is verified against the address: %s, one of %s is trusted: %s',
    async (how, name, isTrusted) => {
      const { port } = await receiver(await authority.issue({ names: [name] }));
      // A name that the proxy has, and the receiver does not.
      const proxy = (await startProxy()).url.replace('127.0.0.1', 'localhost');
      const egress = agents({ ca: authority.cert, ...(how === 'with a proxy' && { proxy }) });
      expect(await get(`https://127.0.0.1:${String(port)}/`, egress)).toBe(
        isTrusted ? `127.0.0.1:${String(port)}` : 'ERR_TLS_CERT_ALTNAME_INVALID',
      );
    },
  );

  test('no address that is not public is requested from the proxy', async () => {
    const proxy = await startProxy();
    const egress = agents({ proxy: proxy.url, allowed: '' });
    for (const host of ['shop.example', '127.0.0.1', '[::ffff:10.0.0.1]']) {
      const code = host === 'shop.example' ? 'EBLOCKEDNAME' : 'EBLOCKED';
      expect(await get(`http://${host}:8080/`, egress)).toBe(code);
    }
    expect(proxy.requests).toEqual([]);
  });

  test.each(['HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nsecret', 'HTTP/1.1 204 Odd\r\n\r\n', 'nonsense\r\n\r\n', ''])(
    'the proxy’s own response is never taken for the receiver’s: %j',
    async (answer) => {
      const proxy = await startProxy(answer);
      expect(await get('http://shop.example:8080/', agents({ proxy: proxy.url }))).toBe('EPROXY');
    },
  );

  test('a proxy that is away is a connection error', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    expect(await get('http://shop.example/', agents({ proxy: `http://127.0.0.1:${String(port)}` }))).toBe('EPROXY');
  });
});
