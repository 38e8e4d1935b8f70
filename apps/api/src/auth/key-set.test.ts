import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tidings/testing';
import { createKeySet, parseKeySet } from './key-set.js';
import { fetchKeySet } from './load-key-set.js';

const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;
const ec = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve }).publicKey;
const jwk = (key: KeyObject, more: object = {}): JsonWebKey => ({ ...key.export({ format: 'jwk' }), ...more });
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

describe('a JSON Web Key Set', () => {
  test('gives each key that can verify, by its kid, for its one algorithm', () => {
    const keys = parseKeySet(setOf(jwk(rsa(), { kid: 'a', use: 'sig', alg: 'RS256' }), jwk(ec(), { kid: 'b' })));
    expect([...keys].map(([kid, { alg }]) => [kid, alg])).toEqual([
      ['a', 'RS256'],
      ['b', 'ES256'],
    ]);
  });

  test.each<[string, unknown]>([
    ['is a secret', { kid: 'x', kty: 'oct', k: 'c2VjcmV0' }],
    ['is for encryption', jwk(rsa(), { kid: 'x', use: 'enc' })],
    ['only signs', jwk(rsa(), { kid: 'x', key_ops: ['sign'] })],
    ['is too short', jwk(rsa(1024), { kid: 'x' })],
    ['is on another curve', jwk(ec('P-384'), { kid: 'x' })],
    ['is for another algorithm', jwk(rsa(), { kid: 'x', alg: 'PS256' })],
    ['has no kid', jwk(rsa())],
    ['is broken', { kid: 'x', kty: 'RSA', n: '!', e: 'AQAB' }],
    ['is none', 7],
  ])('leaves out a key that %s, and keeps the others', (_name, odd) => {
    expect([...parseKeySet(setOf(odd, jwk(ec(), { kid: 'good' }))).keys()]).toEqual(['good']);
  });

  test.each(['', '[]', '{"keys":7}', 'no JSON'])('is not %j', (text) => {
    expect(() => parseKeySet(text)).toThrow();
  });
});

describe('keys that are loaded', () => {
  const warned: unknown[] = [];
  const log = { warn: (_message: string, { error }: { error?: unknown }) => void warned.push(error) };
  const [one, two] = [jwk(ec(), { kid: 'one' }), jwk(ec(), { kid: 'two' })];
  const find = (keySet: ReturnType<typeof createKeySet>, kid: string) => keySet({ alg: 'ES256', kid });

  test('follow a rotation without a restart: a new kid is found at its first token', async () => {
    let text = setOf(one);
    const keys = createKeySet({ load: () => Promise.resolve(text), refreshMs: 1e6, cooldownMs: 0, log });
    expect(await find(keys, 'one')).not.toBeNull();
    text = setOf(two);
    expect(await find(keys, 'two')).not.toBeNull();
    expect(await find(keys, 'one')).toBeNull();
  });

  test('drop a key that the set dropped, at the next refresh', async () => {
    let text = setOf(one, two);
    const keys = createKeySet({ load: () => Promise.resolve(text), refreshMs: 0, cooldownMs: 0, log });
    expect(await find(keys, 'one')).not.toBeNull();
    text = setOf(two);
    await eventually(async () => {
      expect(await find(keys, 'one')).toBeNull();
    });
  });

  test('are loaded once, however many unknown kids come', async () => {
    let loads = 0;
    const load = () => {
      loads += 1;
      return Promise.resolve(setOf(one));
    };
    const keys = createKeySet({ load, refreshMs: 1e6, cooldownMs: 1e6, log });
    const found = await Promise.all(Array.from({ length: 200 }, (_, index) => find(keys, `unknown-${String(index)}`)));
    for (let count = 0; count < 50; count += 1) found.push(await find(keys, `later-${String(count)}`));
    expect(found.every((key) => key === null)).toBe(true);
    expect(loads).toBe(1);
    expect(await find(keys, 'one')).not.toBeNull();
  });

  test('are used on while they cannot be loaded', async () => {
    let away = false;
    const load = () => (away ? Promise.reject(new Error('away')) : Promise.resolve(setOf(one)));
    const keys = createKeySet({ load, refreshMs: 0, cooldownMs: 0, log });
    expect(await find(keys, 'one')).not.toBeNull();
    away = true;
    expect(await find(keys, 'two')).toBeNull();
    expect(await find(keys, 'one')).not.toBeNull();
    expect(warned).toContainEqual(new Error('away'));
  });

  test('are for the algorithm that they are for', async () => {
    const keys = createKeySet({ load: () => Promise.resolve(setOf(one)), refreshMs: 1e6, cooldownMs: 0, log });
    expect(await keys({ alg: 'RS256', kid: 'one' })).toBeNull();
    expect(await keys({ alg: 'ES256', kid: undefined })).toBeNull();
  });
});

describe('fetching a key set', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks`;
  }

  test('gives its text', async () => {
    const url = await serve((_request, response) => response.end('{"keys":[]}'));
    expect(await fetchKeySet(url)).toBe('{"keys":[]}');
  });

  test.each<[string, RequestListener]>([
    ['an error', (_request, response) => response.writeHead(500).end('{}')],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['over a megabyte', (_request, response) => response.end('x'.repeat(2 ** 20 + 1))],
  ])('rejects what is %s', async (_name, listener) => {
    await expect(fetchKeySet(await serve(listener))).rejects.toThrow();
  });
});
