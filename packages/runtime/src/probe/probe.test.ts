import { afterEach, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { startListening } from '../listen/listen.js';
import { probe, probeTarget } from './probe.js';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

test.each([
  ['the defaults of the image of the API', { PORT: '3000', HEALTH_PORT: '3001' }, { host: 'localhost', port: 3001 }],
  ['the defaults of the image of the worker', { HEALTH_PORT: '3001' }, { host: 'localhost', port: 3001 }],
  ['all addresses of IPv4', { HEALTH_PORT: '3001', HOST: '0.0.0.0' }, { host: 'localhost', port: 3001 }],
  ['one address', { HEALTH_PORT: '3001', HOST: '10.0.0.7' }, { host: '10.0.0.7', port: 3001 }],
  ['an address of IPv6', { HEALTH_PORT: '3001', HOST: 'fd00::7' }, { host: 'fd00::7', port: 3001 }],
  ['a HEALTH_HOST', { HEALTH_PORT: '3001', HOST: '10.0.0.7', HEALTH_HOST: '127.0.0.2' }, { host: '127.0.0.2', port: 3001 }],
  ['a HEALTH_HOST for all', { HEALTH_PORT: '3001', HOST: '10.0.0.7', HEALTH_HOST: '::' }, { host: 'localhost', port: 3001 }],
  ['empty values', { HEALTH_PORT: '3001', HOST: '', HEALTH_HOST: '' }, { host: 'localhost', port: 3001 }],
  ['no health port', { HEALTH_PORT: '0', PORT: '3000', HOST: '10.0.0.7', HEALTH_HOST: '::1' }, { host: '10.0.0.7', port: 3000 }],
  ['a worker without a health port', { HEALTH_PORT: '0' }, null],
])('with %s, the health check asks where the process listens', (_case, env: Record<string, string>, target) => {
  expect(probeTarget(env)).toEqual(target);
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
const hosts = ['::', '0.0.0.0', '127.0.0.1', '127.0.0.2', 'localhost', ...(hasIpv6 ? ['::1'] : [])];

test.each(hosts)('a process that listens on %s answers its health check', async (host) => {
  server = createServer((request, response) => response.writeHead(request.url === '/healthz' ? 200 : 503).end());
  const port = await startListening(server, { host, port: 0, settings: { host: 'HOST', port: 'PORT' } });
  const target = probeTarget({ HOST: host, HEALTH_PORT: String(port) });
  expect(target).not.toBeNull();
  if (target === null) return;
  expect(await probe(target, '/healthz')).toBe(200);
  expect(await probe(target, '/readyz')).toBe(503);
});

test('the images ask it, and no address of their own', () => {
  const dockerfile = readFileSync(new URL('../../../../Dockerfile', import.meta.url), 'utf8');
  const checks = Array.from(dockerfile.matchAll(/^HEALTHCHECK .*\n {2}CMD (.*)$/gm), ([, command]) => command);
  expect(checks).toEqual(Array(2).fill('["node", "packages/runtime/dist/probe/main.js"]'));
});
