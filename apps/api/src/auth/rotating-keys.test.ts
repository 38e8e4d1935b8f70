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
    ['gives its private half away', jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, { kid: 'x' })],
    ['is broken', { kid: 'x', kty: 'RSA', n: '!', e: 'AQAB' }],
    ['is none', 7],
  ])('leaves out a key that %s, and keeps the others', (_name, odd) => {
    expect([...parseKeySet(setOf(odd, jwk(ec(), { kid: 'good' }))).keys()]).toEqual(['good']);
  });

  test.each(['', '[]', '{"keys":7}', 'no JSON'])('is not %j', (text) => {
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
/** The keys of a provider as an API process has them, and what it has logged. */
function follow({ url }: IdentityProvider, { cooldownMs = 1e6 } = {}) {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const keys = createRotatingKeys({ load: () => fetchKeySet(url, 200), cooldownMs, log: { warn: say, info: say } });
  return { ...keys, said, has: async (kid: string) => (await keys.find({ alg: 'ES256', kid })) !== null };
}

describe('the keys of an identity provider', () => {
  test('are fetched for the first token, once for all that come with it', async () => {
    const provider = await startProvider();
    const { has } = follow(provider);
    expect(await Promise.all([has('one'), has('one'), has('two')])).toEqual([true, true, false]);
    expect(provider.asked).toHaveLength(1);
  });

  test('follow a rotation without a restart: a new kid is found at its first token, and what was dropped is gone', async () => {
    const provider = await startProvider();
    const { has } = follow(provider, { cooldownMs: 0 });
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end(setOf(two));
    expect(await has('two')).toBe(true);
    expect(await has('one')).toBe(false);
  });

  test('are refreshed though no token asks for it', async () => {
    const provider = await startProvider(setOf(one, two));
    const { has, refresh } = follow(provider);
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end(setOf(two));
    const before = provider.asked.length;
    await Promise.all([refresh(), refresh()]);
    expect(await has('one')).toBe(false);
    expect(provider.asked).toHaveLength(before + 1);
  });

  test('are fetched once for 200 tokens at once with made-up kids, and not again for those that follow', async () => {
    const provider = await startProvider();
    const { has } = follow(provider);
    const storm = () => Promise.all(Array.from({ length: 200 }, (_, index) => has(`made-up-${String(index)}`)));
    expect((await storm()).includes(true)).toBe(false);
    expect((await storm()).includes(true)).toBe(false);
    expect(provider.asked).toHaveLength(1);
    expect(await has('one')).toBe(true);
  });

  test.each<[string, RequestListener]>([
    ['is broken off', (_request, response) => response.destroy()],
    ['is no key set', (_request, response) => response.end('<html>Down for maintenance</html>')],
    ['is a 500, even with a set', (_request, response) => response.writeHead(500).end(setOf(two))],
    ['never ends', (_request, response) => response.write('{"keys":[')],
    ['never begins', () => undefined],
    ['is over a megabyte', (_request, response) => response.end(' '.repeat(2 ** 20) + setOf(two))],
    [
      'is a redirect to another set',
      (request, response) =>
        request.url === '/other' ? response.end(setOf(two)) : response.writeHead(302, { location: '/other' }).end(),
    ],
  ])('are used on while the answer %s, which is said once', async (_what, answer) => {
    const provider = await startProvider();
    const keys = follow(provider, { cooldownMs: 0 });
    expect(await keys.has('one')).toBe(true);
    provider.answer = answer;
    expect([await keys.has('two'), await keys.has('one'), await keys.has('two')]).toEqual([false, true, false]);
    expect(keys.said).toEqual(['The keys that verify tokens could not be loaded; those that are known are used.']);
    provider.answer = (_request, response) => response.end(setOf(one, two));
    expect(await keys.has('two')).toBe(true);
    expect(keys.said[1]).toBe('The keys that verify tokens were loaded again.');
  });

  test('cannot be told while none could be loaded yet: that is a 503, and no verdict', async () => {
    const provider = await startProvider();
    provider.answer = (_request, response) => response.writeHead(503).end();
    const { find, has } = follow(provider, { cooldownMs: 0 });
    await expect(has('one')).rejects.toMatchObject({ status: 503 });
    expect(await find({ alg: 'ES256', kid: undefined })).toBeNull();
    provider.answer = (_request, response) => response.end(setOf(one));
    expect(await has('one')).toBe(true);
  });

  test('can be none, when the set says so: then nobody gets in', async () => {
    const provider = await startProvider();
    const { has, refresh } = follow(provider);
    expect(await has('one')).toBe(true);
    provider.answer = (_request, response) => response.end('{"keys":[]}');
    await refresh();
    expect(await has('one')).toBe(false);
  });

  test('are for the algorithm that they are for', async () => {
    const { find } = follow(await startProvider());
    expect(await find({ alg: 'RS256', kid: 'one' })).toBeNull();
  });
});

describe('the keys of a file', () => {
  test('are read again when it has changed, and used on when it is gone', async () => {
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
