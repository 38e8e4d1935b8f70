import { afterEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchKeySet, findKeys, parseKeySet } from '@tidings/auth';
import { startIdentityProvider, type IdentityProvider } from '../../test/identity-provider.js';
import { createIssuerKeys } from './issuer-keys.js';
import { createRotatingKeys } from './rotating-keys.js';

const rsa = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;
const ec = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve }).publicKey;
const jwk = (key: KeyObject, more: object = {}): JsonWebKey => ({ ...key.export({ format: 'jwk' }), ...more });
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

describe('a JSON Web Key Set', () => {
  test('is parsed to its verification keys, each with the algorithm that the set names, or all of its kind', () => {
    const { keys } = parseKeySet(
      setOf(
        jwk(rsa(), { kid: 'a', use: 'sig', alg: 'PS384' }),
        jwk(rsa(), { kid: 'b', key_ops: ['verify'] }),
        jwk(ec('P-256'), { kid: 'c' }),
        jwk(ec('P-384'), { kid: 'd' }),
        jwk(ec('P-521')),
        jwk(generateKeyPairSync('ed25519').publicKey, { kid: 'f', alg: 'EdDSA' }),
      ),
    );
    expect(keys.map(({ kid, algorithms }) => [kid, algorithms.join(' ')])).toEqual([
      ['a', 'PS384'],
      ['b', 'RS256 RS384 RS512 PS256 PS384 PS512'],
      ['c', 'ES256'],
      ['d', 'ES384'],
      [undefined, 'ES512'],
      ['f', 'EdDSA Ed25519'],
    ]);
  });

  test.each<[string, unknown]>([
    ['is a secret', { kid: 'x', kty: 'oct', k: 'c2VjcmV0' }],
    ['is for encryption', jwk(rsa(), { kid: 'x', use: 'enc' })],
    ['is only for signing', jwk(rsa(), { kid: 'x', key_ops: ['sign'] })],
    ['is too short', jwk(rsa(1024), { kid: 'x' })],
    ['is on another curve', jwk(ec('secp256k1'), { kid: 'x' })],
    ['is for key agreement', jwk(generateKeyPairSync('x25519').publicKey, { kid: 'x' })],
    ['is for another algorithm', jwk(rsa(), { kid: 'x', alg: 'RSA-OAEP' })],
    ['names an algorithm of another kind', jwk(rsa(), { kid: 'x', alg: 'ES256' })],
    ['has a number as its kid', jwk(rsa(), { kid: 7 })],
    ['contains its private part', jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, { kid: 'x' })],
    ['has invalid numbers', { kid: 'x', kty: 'RSA', n: '!', e: 'AQAB' }],
    ['is not an object', 7],
  ])('is parsed without a key that %s, which has a reason, but with the other keys', (_name, unusable) => {
    const set = parseKeySet(setOf(unusable, jwk(ec(), { kid: 'good' })));
    expect(set.keys.map(({ kid }) => kid)).toEqual(['good']);
    expect(set.unusable).toEqual([{ kid: set.unusable[0]?.kid, reason: expect.stringMatching(/^it(s private half)? /) }]);
  });

  test.each(['', '[]', '{"keys":7}', 'no JSON'])('is refused when its text is %j', (text) => {
    expect(() => parseKeySet(text)).toThrow();
  });

  const [a, b, unnamed] = [jwk(rsa(), { kid: 'a' }), jwk(rsa(), { kid: 'b' }), jwk(rsa())];
  test.each<[string, unknown[], string | undefined, unknown[]]>([
    ['the key with its kid', [a, b], 'b', [b]],
    ['every key with its kid, when the set has it twice', [a, { ...b, kid: 'a' }], 'a', [a, b]],
    ['the only key that fits, without a kid in the token', [a, jwk(ec(), { kid: 'c' })], undefined, [a]],
    ['the only key that fits, without a kid anywhere', [unnamed], undefined, [unnamed]],
    ['the only key without a kid, for a kid that the set does not have', [a, unnamed], 'x', [unnamed]],
    ['the key with its kid rather than a key without', [a, unnamed], 'a', [a]],
    ['none of several keys that fit, without a kid', [a, b], undefined, []],
    ['none of several keys without a kid', [unnamed, b, jwk(rsa())], 'x', []],
    ['none with another kid', [a], 'x', []],
  ])('has, for a token: %s', (_case, members, kid, expected) => {
    const found = findKeys(parseKeySet(setOf(...members)), { alg: 'RS256', kid });
    expect(found.map((key) => key.export({ format: 'jwk' }).n)).toEqual(expected.map((key) => (key as JsonWebKey).n));
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
  // Generous, so that a busy machine does not fail: a test whose provider hangs sets a short one.
  const limits = { timeoutMs: 20_000 };
  const keys = createRotatingKeys({
    load: () => fetchKeySet(url, limits.timeoutMs),
    cooldownMs,
    algorithms: ['ES256'],
    log: { warn: record, info: record },
  });
  return { ...keys, limits, logged, has: async (kid?: string) => (await keys.find({ alg: 'ES256', kid })).length > 0 };
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
    keys.limits.timeoutMs = 200;
    expect([await keys.has('two'), await keys.has('one'), await keys.has('two')]).toEqual([false, true, false]);
    expect(keys.logged).toEqual(['The keys that verify tokens could not be loaded; the known keys stay in use.']);
    provider.answer = (_request, response) => response.end(setOf(one, two));
    keys.limits.timeoutMs = 20_000;
    expect(await keys.has('two')).toBe(true);
    expect(keys.logged[1]).toBe('The keys that verify tokens were loaded again.');
  });

  test('that were never loaded are a 503, not a refusal of the token', async () => {
    const provider = await startProvider();
    provider.answer = (_request, response) => response.writeHead(503).end();
    const { find, has } = keysOf(provider, { cooldownMs: 0 });
    await expect(has('one')).rejects.toMatchObject({ status: 503 });
    await expect(find({ alg: 'ES256', kid: undefined })).rejects.toMatchObject({ status: 503 });
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
    expect(await find({ alg: 'RS256', kid: 'one' })).toEqual([]);
  });

  test('are fetched again for a token without a kid that no key fits', async () => {
    const provider = await startProvider('{"keys":[]}');
    const { has } = keysOf(provider, { cooldownMs: 0 });
    expect(await has()).toBe(false);
    provider.answer = (_request, response) => response.end(setOf(one));
    expect(await has()).toBe(true);
  });

  test('of which none can be used are said once, and again when some can', async () => {
    const provider = await startProvider(setOf(jwk(rsa(), { kid: 'other' }), { kty: 'oct', kid: 'secret', k: 'AAAA' }));
    const { logged, refresh } = keysOf(provider);
    await refresh();
    await refresh();
    expect(logged).toEqual(['No key of the key set can verify a token: every token is refused.']);
    provider.answer = (_request, response) => response.end(setOf(one));
    await refresh();
    await refresh();
    expect(logged.slice(1)).toEqual(['The key set has keys that verify tokens again.']);
  });
});

describe('the keys of a file', () => {
  test('are read again when the file changed, and stay in use when the file is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidings jwks-'));
    const file = join(folder, 'jwks.json');
    writeFileSync(file, setOf(one));
    const log = { warn: () => undefined, info: () => undefined };
    const keys = createIssuerKeys({ source: { file }, algorithms: ['ES256'] }, log);
    const has = async (kid: string) => (await keys.find({ alg: 'ES256', kid })).length > 0;
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
