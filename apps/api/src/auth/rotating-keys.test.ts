import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchKeySet, parseKeySet } from '@tidings/auth';
import { startIdentityProvider, type IdentityProvider } from '../../test/identity-provider.js';
import { createIssuerKeys } from './issuer-keys.js';
import { createRotatingKeys } from './rotating-keys.js';

const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;
const ec = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve }).publicKey;
const jwk = (key: KeyObject, more: object = {}): JsonWebKey => ({ ...key.export({ format: 'jwk' }), ...more });
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

describe('a JSON Web Key Set', () => {
  test('is parsed to its verification keys, by kid, each with one algorithm', () => {
    const keys = parseKeySet(setOf(jwk(rsa(), { kid: 'a', use: 'sig', alg: 'RS256' }), jwk(ec(), { kid: 'b' })));
    expect([...keys].map(([kid, { alg }]) => [kid, alg])).toEqual([
      ['a', 'RS256'],
      ['b', 'ES256'],
    ]);
  });

  test.each<[string, unknown]>([
    ['is a secret', { kid: 'x', kty: 'oct', k: 'c2VjcmV0' }],
    ['is for encryption', jwk(rsa(), { kid: 'x', use: 'enc' })],
    ['is only for signing', jwk(rsa(), { kid: 'x', key_ops: ['sign'] })],
    ['is too short', jwk(rsa(1024), { kid: 'x' })],
    ['is on another curve', jwk(ec('P-384'), { kid: 'x' })],
    ['is for another algorithm', jwk(rsa(), { kid: 'x', alg: 'PS256' })],
    ['has no kid', jwk(rsa())],
    ['contains its private part', jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, { kid: 'x' })],
    ['has invalid numbers', { kid: 'x', kty: 'RSA', n: '!', e: 'AQAB' }],
    ['is not an object', 7],
  ])('is parsed without a key that %s, but with the other keys', (_name, unusable) => {
    expect([...parseKeySet(setOf(unusable, jwk(ec(), { kid: 'good' }))).keys()]).toEqual(['good']);
  });

  test.each(['', '[]', '{"keys":7}', 'no JSON'])('is refused when its text is %j', (text) => {
    expect(() => parseKeySet(text)).toThrow();
  });
});

const [one, two] = [jwk(ec(), { kid: 'one' }), jwk(ec(), { kid: 'two' })];
const providers: IdentityProvider[] = [];
afterEach(() => {
  for (const provider of providers.splice(0)) provider.stop();
});
async function startProvider(text = setOf(one)): Promise<IdentityProvider> {
  const provider = await startIdentityProvider(text);
  providers.push(provider);
  return provider;
}
/** The rotating keys of a provider, with the messages that they logged. */
function keysOf({ url }: IdentityProvider, { cooldownMs = 1e6 } = {}) {
  const logged: string[] = [];
  const record = (message: string): void => void logged.push(message);
  const keys = createRotatingKeys({ load: () => fetchKeySet(url, 200), cooldownMs, log: { warn: record, info: record } });
  return { ...keys, logged, has: async (kid: string) => (await keys.find({ alg: 'ES256', kid })) !== null };
}

describe('the keys of an identity provider', () => {
  test('are fetched at the first token, once for all tokens at the same time', async () => {
    const provider = await startProvider();
    const { has } = keysOf(provider);
    expect(await Promise.all([has('one'), has('one'), has('two')])).toEqual([true, true, false]);
    expect(provider.asked).toHaveLength(1);
  });

  test('follow a rotation without a restart: a token with a new kid loads the new set, which replaces the old one', async () => {
    const provider = await startProvider();
    const { has } = keysOf(provider, { cooldownMs: 0 });
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end(setOf(two));
    expect(await has('two')).toBe(true);
    expect(await has('one')).toBe(false);
  });

  test('are replaced by a refresh, without a token that needs them', async () => {
    const provider = await startProvider(setOf(one, two));
    const { has, refresh } = keysOf(provider);
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end(setOf(two));
    const before = provider.asked.length;
    await Promise.all([refresh(), refresh()]);
    expect(await has('one')).toBe(false);
    expect(provider.asked).toHaveLength(before + 1);
  });

  test('are fetched once for 200 simultaneous tokens with made-up kids, and not again within the cooldown', async () => {
    const provider = await startProvider();
    const { has } = keysOf(provider);
    const sendMadeUpKids = () => Promise.all(Array.from({ length: 200 }, (_, index) => has(`made-up-${String(index)}`)));
    expect((await sendMadeUpKids()).includes(true)).toBe(false);
    expect((await sendMadeUpKids()).includes(true)).toBe(false);
    expect(provider.asked).toHaveLength(1);
    expect(await has('one')).toBe(true);
  });

  test.each<[string, RequestListener]>([
    ['is aborted', (_request, response) => response.destroy()],
    ['is not a key set', (_request, response) => response.end('<html>Down for maintenance</html>')],
    ['is a 500, even with a key set', (_request, response) => response.writeHead(500).end(setOf(two))],
    ['never ends', (_request, response) => response.write('{"keys":[')],
    ['never begins', () => undefined],
    ['is over a megabyte', (_request, response) => response.end(' '.repeat(2 ** 20) + setOf(two))],
    [
      'is a redirect to another set',
      (request, response) =>
        request.url === '/other' ? response.end(setOf(two)) : response.writeHead(302, { location: '/other' }).end(),
    ],
  ])('stay in use while the response %s, and this is logged once', async (_case, answer) => {
    const provider = await startProvider();
    const keys = keysOf(provider, { cooldownMs: 0 });
    expect(await keys.has('one')).toBe(true);
    provider.answer = answer;
    expect([await keys.has('two'), await keys.has('one'), await keys.has('two')]).toEqual([false, true, false]);
    expect(keys.logged).toEqual(['The keys that verify tokens could not be loaded; the known keys stay in use.']);
    provider.answer = (_request, response) => response.end(setOf(one, two));
    expect(await keys.has('two')).toBe(true);
    expect(keys.logged[1]).toBe('The keys that verify tokens were loaded again.');
  });

  test('that were never loaded are a 503, not a refusal of the token', async () => {
    const provider = await startProvider();
    provider.answer = (_request, response) => response.writeHead(503).end();
    const { find, has } = keysOf(provider, { cooldownMs: 0 });
    await expect(has('one')).rejects.toMatchObject({ status: 503 });
    expect(await find({ alg: 'ES256', kid: undefined })).toBeNull();
    provider.answer = (_request, response) => response.end(setOf(one));
    expect(await has('one')).toBe(true);
  });

  test('can become an empty set, which accepts no token', async () => {
    const provider = await startProvider();
    const { has, refresh } = keysOf(provider);
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end('{"keys":[]}');
    await refresh();
    expect(await has('one')).toBe(false);
  });

  test('are found only for their own algorithm', async () => {
    const { find } = keysOf(await startProvider());
    expect(await find({ alg: 'RS256', kid: 'one' })).toBeNull();
  });
});

describe('the keys of a file', () => {
  test('are read again when the file changed, and stay in use when the file is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidings jwks-'));
    const file = join(folder, 'jwks.json');
    writeFileSync(file, setOf(one));
    const keys = createIssuerKeys({ file }, { warn: () => undefined, info: () => undefined });
    const has = async (kid: string) => (await keys.find({ alg: 'ES256', kid })) !== null;
    expect(await has('one')).toBe(true);
    writeFileSync(`${file}.new`, setOf(two));
    renameSync(`${file}.new`, file);
    await keys.refresh();
    expect([await has('one'), await has('two')]).toEqual([false, true]);
    rmSync(folder, { recursive: true });
    await keys.refresh();
    expect(await has('two')).toBe(true);
  });
});
