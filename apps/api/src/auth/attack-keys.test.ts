import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import supertest from 'supertest';
import { encode, expectRefused, forge, now, unpadded, type Json } from '../../test/forge-token.js';
import { startIdentityProvider, type IdentityProvider } from '../../test/identity-provider.js';
import { SECRET, startApi, type TestApi } from '../../test/start-api.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const second = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encryption = generateKeyPairSync('rsa', { modulusLength: 2048 });

let api: TestApi;
let provider: IdentityProvider;
beforeAll(async () => {
  const jwk = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });
  provider = await startIdentityProvider(
    JSON.stringify({
      keys: [
        jwk(rsa.publicKey, { kid: 'rsa', use: 'sig' }),
        jwk(second.publicKey, { kid: 'second', alg: 'RS256' }),
        jwk(ec.publicKey, { kid: 'ec' }),
        jwk(encryption.publicKey, { kid: 'enc', use: 'enc' }),
        { kty: 'oct', kid: 'oct', k: Buffer.from(SECRET).toString('base64url') },
      ],
    }),
  );
  api = await startApi({ tokenRules: { algorithms: ['RS256', 'ES256'], source: { url: provider.url } } });
});
afterAll(async () => {
  await api.stop();
  provider.stop();
});

describe('with the keys of an identity provider, a token that', () => {
  const claims = { sub: 'alice', exp: now + 600 };
  const signWith = (header: Json, key: KeyObject, options: object = {}) => {
    const signed = `${encode(header)}.${encode(claims)}`;
    const bytes = signBytes('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363', ...options });
    return `${signed}.${bytes.toString('base64url')}`;
  };
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

  test.each([
    ['RS256', 'rsa', rsa.privateKey],
    ['ES256', 'ec', ec.privateKey],
    ['ES256', undefined, ec.privateKey],
  ] as const)('is valid is accepted (%s)', async (alg, kid, key) => {
    const token = signWith({ alg, kid }, key);
    expect((await supertest(api.url).get('/api/webhooks').set('authorization', `Bearer ${token}`)).status).toBe(200);
  });

  const strange = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const mallory = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each<[string, string]>([
    ['uses the public key as a secret (RSA)', forge({ alg: 'HS256', kid: 'rsa' }, claims, { secret: pem(rsa.publicKey) })],
    ['uses the public key as a secret (EC)', forge({ alg: 'HS256', kid: 'ec' }, claims, { secret: pem(ec.publicKey) })],
    ['names HS256 and is signed with an empty secret', forge({ alg: 'HS256', kid: 'rsa' }, claims, { secret: '' })],
    ['names another algorithm than the algorithm of its key', signWith({ alg: 'ES256', kid: 'rsa' }, rsa.privateKey)],
    ['names a key of another algorithm', signWith({ alg: 'RS256', kid: 'ec' }, rsa.privateKey)],
    ['is signed with PS256', signWith({ alg: 'PS256', kid: 'rsa' }, rsa.privateKey, { padding: 6 })],
    ['has a DER signature', signWith({ alg: 'ES256', kid: 'ec' }, ec.privateKey, { dsaEncoding: 'der' })],
    [
      'has a signature of zeroes',
      `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`,
    ],
    ['names an encryption key', signWith({ alg: 'RS256', kid: 'enc' }, encryption.privateKey)],
    ['is signed with a secret that the key set contains', forge({ alg: 'HS256', kid: 'oct' }, claims)],
    ['has a signature that is not canonical base64url', unpadded(signWith({ alg: 'RS256', kid: 'rsa' }, rsa.privateKey))],
    ['names no key, and two keys fit', signWith({ alg: 'RS256' }, rsa.privateKey)],
    ['names no key, and is signed with another key than the one that fits', signWith({ alg: 'ES256' }, strange.privateKey)],
    ['names an encryption key with another algorithm', signWith({ alg: 'RS512', kid: 'enc' }, encryption.privateKey)],
    ['names an unknown key', signWith({ alg: 'RS256', kid: 'unknown' }, rsa.privateKey)],
    ['names a file as its key', signWith({ alg: 'RS256', kid: '../../dev/null' }, mallory.privateKey)],
    ['names an SQL statement as its key', signWith({ alg: 'RS256', kid: "x' UNION SELECT 'key" }, mallory.privateKey)],
    ['names a property of every object as its key', signWith({ alg: 'RS256', kid: '__proto__' }, mallory.privateKey)],
    [
      'contains its own key',
      signWith({ alg: 'RS256', kid: 'rsa', jwk: mallory.publicKey.export({ format: 'jwk' }) }, mallory.privateKey),
    ],
    [
      'names the URL of its keys',
      signWith({ alg: 'RS256', kid: 'rsa', jku: 'https://mallory.example/jwks' }, mallory.privateKey),
    ],
    [
      'contains a certificate',
      signWith({ alg: 'RS256', kid: 'rsa', x5c: ['MIIB'], x5u: 'https://mallory.example/' }, mallory.privateKey),
    ],
  ])('%s gets the same 401', async (_name, token) => {
    await expectRefused(api, { authorization: `Bearer ${token}` });
  });

  test('names the URL of its keys causes no request to that URL', () => {
    expect(new Set(provider.asked)).toEqual(new Set(['/jwks']));
  });
});
