import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createAgents, createGuard, parseNetworks, type Agents, type Resolve } from '@tidings/egress';
import { createTestAuthority, eventually, type TestAuthority } from '@tidings/testing';
import { startHostileReceiver, type HostileReceiver, type MisbehaviourName } from '../../test/hostile-receiver.js';
import type { AttemptResult } from './attempt-result.js';
import { createSender } from './send.js';

const TIMEOUT_MS = 400;
/** The deadline of the attempts that end by themselves, so that a busy machine does not end them. */
const LONG_TIMEOUT_MS = 20_000;
/** How much later than the deadline an attempt may end, on a busy machine. */
const LATE_MS = 10_000;

let receiver: HostileReceiver;
let authority: TestAuthority;
/** The servers with TLS, and their connections. */
const servers: Server[] = [];
const sockets: Socket[] = [];
const uncaught: unknown[] = [];
const record = (error: unknown): void => void uncaught.push(error);
beforeAll(async () => {
  receiver = await startHostileReceiver();
  authority = await createTestAuthority();
  process.on('uncaughtException', record).on('unhandledRejection', record);
});
afterAll(() => {
  receiver.close();
  for (const server of servers) server.close();
  // A handshake that failed leaves the server's side of its connection open.
  for (const socket of sockets) socket.destroy();
  process.off('uncaughtException', record).off('unhandledRejection', record);
});

/** Makes one attempt on new sockets. */
async function attempt(url: string, timeoutMs = LONG_TIMEOUT_MS): Promise<AttemptResult> {
  const toLoopback: Resolve = (_host, _options, callback) => {
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8'), resolve: toLoopback });
  const agents: Agents = createAgents({ guard, ca: authority.cert });
  const result = await createSender({ agents, timeoutMs })({ url, headers: {}, body: '{"a":1}' });
  agents.close();
  return result;
}

const succeeded = { errorClass: null, error: null };
const OUTCOMES: Record<MisbehaviourName, Partial<AttemptResult>> = {
  'hangs before the headers': { statusCode: null, errorClass: 'timeout' },
  'hangs within the headers': { statusCode: null, errorClass: 'timeout' },
  'hangs after the headers': { statusCode: 200, ...succeeded },
  'hangs after the headers of a 500': { statusCode: 500, errorClass: 'http_status' },
  'trickles headers': { statusCode: null, errorClass: 'timeout' },
  'trickles one header': { statusCode: null, errorClass: 'timeout' },
  'trickles the body': { statusCode: 200, ...succeeded },
  'sends a body without end': { statusCode: 200, ...succeeded },
  'sends chunks without end': { statusCode: 200, ...succeeded },
  'sends a gzip bomb': { statusCode: 200, ...succeeded },
  'sends a header of 64 KB': { statusCode: null, errorClass: 'protocol' },
  'sends 3,000 headers': { statusCode: null, errorClass: 'protocol' },
  'sends headers without end': { statusCode: null, errorClass: 'protocol' },
  'sends informational responses without end': { statusCode: null, errorClass: 'protocol' },
  'sends ten informational responses, then a 200': { statusCode: 200, ...succeeded },
  'switches protocols': { statusCode: 101, errorClass: 'http_status' },
  'switches protocols and floods': { statusCode: 101, errorClass: 'http_status' },
  'resets after a 200': { statusCode: 200, ...succeeded },
  'sends a short body after a 200': { statusCode: 200, ...succeeded, responseBody: 'abc' },
  'resets before a response': { statusCode: null, errorClass: 'reset' },
  'closes before a response': { statusCode: null, errorClass: 'reset' },
  'speaks HTTP/0.9': { statusCode: null, errorClass: 'protocol' },
  'speaks HTTP/1.0': { statusCode: 200, ...succeeded, responseBody: 'old' },
  'speaks HTTP/2': { statusCode: null, errorClass: 'protocol' },
  'speaks garbage': { statusCode: null, errorClass: 'protocol' },
  'sends two lengths': { statusCode: null, errorClass: 'protocol' },
  'sends a length and chunks': { statusCode: null, errorClass: 'protocol' },
  'sends bad chunks': { statusCode: 200, ...succeeded },
  'sends bad chunks after a 500': { statusCode: 500, errorClass: 'http_status' },
  'sends a negative length': { statusCode: null, errorClass: 'protocol' },
  'has the status 099': { statusCode: 99, errorClass: 'protocol' },
  'has the status 999': { statusCode: 999, errorClass: 'protocol' },
  'redirects to an internal address': { statusCode: 302, errorClass: 'http_status' },
  'responds twice': { statusCode: 200, ...succeeded },
};

describe('a receiver that', () => {
  test.each(Object.entries(OUTCOMES))('%s: the attempt ends in time, and no connection stays open', async (name, outcome) => {
    const timeoutMs = /^(hangs|trickles) /.test(name) ? TIMEOUT_MS : LONG_TIMEOUT_MS;
    const result = await attempt(receiver.url(name as MisbehaviourName), timeoutMs);
    expect(result).toMatchObject(outcome);
    expect(result.durationMs).toBeLessThan(TIMEOUT_MS + LATE_MS);
    await eventually(() => {
      expect(receiver.openConnections()).toBe(0);
    });
    expect(uncaught).toEqual([]);
  });
});

describe('a TLS server that', () => {
  async function tls(options: TlsOptions): Promise<string> {
    return listen(createTlsServer(options, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')));
  }
  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on('tlsClientError', () => undefined).on('connection', (socket: Socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `https://shop.example:${String((server.address() as AddressInfo).port)}/`;
  }
  const untrusted = async () => (await createTestAuthority()).issue();

  test('has a certificate of a trusted authority gets the request', async () => {
    expect(await attempt(await tls(await authority.issue()))).toMatchObject({ statusCode: 200, ...succeeded });
  });

  test.each<[string, () => Promise<TlsOptions>, string]>([
    ['has a certificate of an unknown authority', untrusted, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['has a self-signed certificate', async () => (await createTestAuthority()).selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['has an expired certificate', () => authority.issue({ validUntil: new Date(Date.now() - 1000) }), 'CERT_HAS_EXPIRED'],
    ['has a certificate for another host', () => authority.issue({ names: ['other.example'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['speaks TLS 1.1', async () => ({ ...(await authority.issue()), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }), ''],
  ])('%s gets no request', async (_name, options, code) => {
    const result = await attempt(await tls({ ...(await options()), ciphers: 'DEFAULT@SECLEVEL=0' }));
    expect(result).toMatchObject({ statusCode: null, errorClass: 'tls', responseBody: null });
    expect(result.error).toContain(code);
  });

  test('speaks plain HTTP causes a TLS error', async () => {
    const url = await listen(createHttpServer((_request, response) => response.end('plain')));
    expect(await attempt(url)).toMatchObject({ statusCode: null, errorClass: 'tls', responseBody: null });
  });
});
