import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import supertest from 'supertest';
import { Redis } from 'ioredis';
import { revokeToken } from '@tidings/revocation';
import { startIdentityProvider, type IdentityProvider } from '../../test/identity-provider.js';
import { createKeys } from './issuer-keys.js';
import { SECRET, startApi, type TestApi } from '../../test/start-api.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encryption = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** With a secret, as most are; and with the public keys of an identity provider. */
let api: TestApi;
let withKeys: TestApi;
let provider: IdentityProvider;
beforeAll(async () => {
  api = await startApi({ tokenRules: { issuer: 'platform', audience: 'tidings' } });
  const jwk = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });
  provider = await startIdentityProvider(
    JSON.stringify({
      keys: [
        jwk(rsa.publicKey, { kid: 'rsa', use: 'sig' }),
        jwk(ec.publicKey, { kid: 'ec' }),
        jwk(encryption.publicKey, { kid: 'enc', use: 'enc' }),
        { kty: 'oct', kid: 'oct', k: Buffer.from(SECRET).toString('base64url') },
      ],
    }),
  );
  const { find } = createKeys({ url: provider.url }, { warn: () => undefined, info: () => undefined });
  withKeys = await startApi({ tokenRules: { algorithms: ['RS256', 'ES256'], findKey: find } });
});
afterAll(async () => {
  await api.stop();
  await withKeys.stop();
  provider.stop();
});

type Json = Record<string, unknown>;
const now = Math.floor(Date.now() / 1000);
const HEADER = { alg: 'HS256', typ: 'JWT' };
const CLAIMS = { sub: 'alice', iss: 'platform', aud: 'tidings', iat: now, exp: now + 600 };

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? (value as string) : JSON.stringify(value)).toString(
    'base64url',
  );
/** A token of any header and payload, rightly signed: what is wrong with it is what it says. Texts are taken as they are. */
function forge(header: unknown, payload: unknown, { secret = SECRET, hash = 'sha256' } = {}): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
const saying = (claims: Json) => forge(HEADER, { ...CLAIMS, ...claims });
const headed = (header: Json) => forge({ ...HEADER, ...header }, CLAIMS);
const without = (claim: keyof typeof CLAIMS) => forge(HEADER, { ...CLAIMS, [claim]: undefined });
const valid = forge(HEADER, CLAIMS);
const [head = '', body = '', signature = ''] = valid.split('.');
/** The claims as text, with one pair more. */
const doubled = (pair: string) => JSON.stringify(CLAIMS).replace('{', `{${pair},`);
const unpadded = (text: string) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);

const BEARER: Record<string, string> = {
  'is not signed (alg none)': `${encode({ alg: 'none' })}.${body}.`,
  'says none in capitals': `${encode({ alg: 'NONE' })}.${body}.`,
  'says nOnE and keeps a signature': `${encode({ alg: 'nOnE' })}.${body}.${signature}`,
  'has no alg': forge({ typ: 'JWT' }, CLAIMS),
  'has a list for its alg': headed({ alg: ['HS256'] }),
  'has its signature cut off': `${head}.${body}.`,
  'has a signature that is cut short': `${head}.${body}.${signature.slice(0, -4)}`,
  'has a changed signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  'has a signature that is not canonical base64url': `${head}.${body}.${unpadded(signature)}`,
  'has a padded signature': `${valid}=`,
  'has another payload than was signed': `${head}.${encode({ ...CLAIMS, sub: 'mallory' })}.${signature}`,
  'is all dots': '.'.repeat(8192),
  'has two parts': `${head}.${body}`,
  'has four parts': `${valid}.${signature}`,
  'has five parts, as an encrypted one': `${encode({ alg: 'dir', enc: 'A256GCM' })}.a.b.c.d`,
  'has an empty payload': `${head}..${signature}`,
  'has an empty header': forge('', CLAIMS),
  'has a header that is no JSON': forge('{', CLAIMS),
  'has a header that is a list': forge([HEADER], CLAIMS),
  'is signed with another secret': forge(HEADER, CLAIMS, { secret: 'another secret of at least 32 bytes.' }),
  'is signed with an empty secret': forge(HEADER, CLAIMS, { secret: '' }),
  'is signed with HS512': forge({ alg: 'HS512' }, CLAIMS, { hash: 'sha512' }),
  'is signed with HS384': forge({ alg: 'HS384' }, CLAIMS, { hash: 'sha384' }),
  'says RS256 where there is a secret': headed({ alg: 'RS256' }),
  'never ends': without('exp'),
  'ended a minute ago': saying({ exp: now - 60 }),
  'ends in the year 56,000, since it counts milliseconds': saying({ exp: (now + 600) * 1000 }),
  'lives for more than a day': saying({ exp: now + 90_000 }),
  'ends at a text': saying({ exp: String(now + 600) }),
  'ends at a fraction': saying({ exp: now + 600.5 }),
  'ends before it began': saying({ exp: -1 }),
  'ends at null': saying({ exp: null }),
  'ends at 1e999': forge(HEADER, JSON.stringify({ ...CLAIMS, exp: 0 }).replace('"exp":0', '"exp":1e999')),
  'was issued in the future': saying({ iat: now + 3600 }),
  'was issued at a text': saying({ iat: 'now' }),
  'is not valid yet': saying({ nbf: now + 3600 }),
  'is not valid before a text': saying({ nbf: 'tomorrow' }),
  'names nobody': without('sub'),
  'names an empty user': saying({ sub: '' }),
  'names a number': saying({ sub: 7 }),
  'names a list': saying({ sub: ['alice'] }),
  'names an object': saying({ sub: { id: 'alice' } }),
  'names a user with a line break': saying({ sub: 'alice\nadmin' }),
  'names a user with a direction mark': saying({ sub: 'alice\u202e' }),
  'names a user with a NUL': saying({ sub: 'alice\0' }),
  'names a user of 256 characters': saying({ sub: 'a'.repeat(256) }),
  'names two users': forge(HEADER, doubled('"sub":"mallory"')),
  'names two users, one by an escape': forge(HEADER, doubled('"s\\u0075b":"mallory"')),
  'has two algorithms': forge('{"alg":"none","alg":"HS256"}', CLAIMS),
  'has a critical header': headed({ crit: ['exp'], exp: now + 600 }),
  'has an unencoded payload': headed({ b64: false, crit: ['b64'] }),
  'says b64: false without crit': headed({ b64: false }),
  'is of another type': headed({ typ: 'dpop+jwt' }),
  'has a list for its type': headed({ typ: ['JWT'] }),
  'is nested': headed({ cty: 'JWT' }),
  'is compressed': headed({ zip: 'DEF' }),
  'says that it is encrypted': headed({ enc: 'A256GCM' }),
  'has an alg with a Greek Eta': headed({ alg: '\u0397S256' }),
  'has a kid that is no text': headed({ kid: { a: 1 } }),
  'has scopes that are no text': saying({ scope: ['events:publish'] }),
  'has an id that is no text': saying({ jti: 7 }),
  'comes from another issuer': saying({ iss: 'mallory' }),
  'comes from two issuers': saying({ iss: ['platform', 'mallory'] }),
  'comes from nobody': without('iss'),
  'is for another audience': saying({ aud: 'mallory' }),
  'is for no audience': without('aud'),
  'is no UTF-8': forge(HEADER, Buffer.from(JSON.stringify({ ...CLAIMS, n: '\u00ff' }), 'latin1')),
  'is a text': forge(HEADER, '"alice"'),
  'is a list': forge(HEADER, [CLAIMS]),
  'is null': forge(HEADER, 'null'),
  'is longer than 8 KB': saying({ pad: 'x'.repeat(8192) }),
  'was revoked': saying({ jti: 'revoked' }),
};

const PATH = '/api/webhooks';
const UNINFORMATIVE = JSON.stringify({
  type: 'about:blank',
  title: 'Not authenticated',
  status: 401,
  detail: 'Send a valid token: "Authorization: Bearer <token>".',
});

async function expectRefused(on: TestApi, headers: Record<string, string>, path = PATH): Promise<void> {
  const response = await supertest(on.url).get(path).set(headers);
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer');
  const { request_id: id, ...rest } = response.body as Json;
  expect(id).toBe(response.headers['x-request-id']);
  expect(JSON.stringify(rest)).toBe(UNINFORMATIVE);
}

describe('a token that', () => {
  beforeAll(async () => {
    const redis = new Redis(api.redis.url);
    await revokeToken(redis, api.redis.prefix, { tokenId: 'revoked', endsAt: now + 600 });
    redis.disconnect();
    await api.revocations.refresh();
  });

  test('is valid is let in: what is refused below is refused for what it says', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      expect((await supertest(api.url).get('/api/webhooks').set('authorization', `${scheme} ${valid}`)).status).toBe(200);
    }
    expect(
      (
        await supertest(api.url)
          .get('/api/webhooks')
          .set('authorization', `Bearer ${saying({ jti: 'other' })}`)
      ).status,
    ).toBe(200);
  });

  test('is attacked in more than forty ways here', () => {
    expect(Object.keys(BEARER).length).toBeGreaterThan(60);
  });

  test.each(Object.entries(BEARER))('%s gets the same 401, which does not say why', async (_name, token) => {
    await expectRefused(api, { authorization: `Bearer ${token}` });
  });

  test('comes in two headers is not looked at, whichever of them is good', async () => {
    for (const headers of [
      ['Bearer abc', `Bearer ${valid}`],
      [`Bearer ${valid}`, 'Bearer abc'],
    ]) {
      const { hostname, port } = new URL(api.url);
      // Written as they are: other clients would join them.
      const names = ['host', hostname, ...headers.flatMap((value) => ['authorization', value])];
      const request = httpRequest({ hostname, port, path: PATH, headers: names }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(401);
    }
  });

  test.each<[string, Record<string, string>, string]>([
    ['is missing', {}, PATH],
    ['is of another scheme', { authorization: `Basic ${Buffer.from('alice:pw').toString('base64')}` }, PATH],
    ['stands without a scheme', { authorization: valid }, PATH],
    ['stands beside another', { authorization: `Bearer ${valid}, Bearer ${valid}` }, PATH],
    ['stands in the query', {}, `/api/webhooks?access_token=${valid}`],
    ['stands in a cookie', { cookie: `token=${valid}` }, PATH],
  ])('%s gets it as well', async (_name, headers, path) => {
    await expectRefused(api, headers, path);
  });
});

describe('where public keys verify, a token that', () => {
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
  ] as const)('is valid is let in (%s)', async (alg, kid, key) => {
    const token = signWith({ alg, kid }, key);
    expect((await supertest(withKeys.url).get('/api/webhooks').set('authorization', `Bearer ${token}`)).status).toBe(200);
  });

  const mallory = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each<[string, string]>([
    ['takes the public key for a secret (RSA)', forge({ alg: 'HS256', kid: 'rsa' }, claims, { secret: pem(rsa.publicKey) })],
    ['takes the public key for a secret (EC)', forge({ alg: 'HS256', kid: 'ec' }, claims, { secret: pem(ec.publicKey) })],
    ['says HS256 and is signed with nothing', forge({ alg: 'HS256', kid: 'rsa' }, claims, { secret: '' })],
    ['swaps the algorithms', signWith({ alg: 'ES256', kid: 'rsa' }, rsa.privateKey)],
    ['names the key of the other algorithm', signWith({ alg: 'RS256', kid: 'ec' }, rsa.privateKey)],
    ['is signed with PS256', signWith({ alg: 'PS256', kid: 'rsa' }, rsa.privateKey, { padding: 6 })],
    ['has a DER signature', signWith({ alg: 'ES256', kid: 'ec' }, ec.privateKey, { dsaEncoding: 'der' })],
    [
      'has a signature of zeroes',
      `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`,
    ],
    ['names a key to encrypt with', signWith({ alg: 'RS256', kid: 'enc' }, encryption.privateKey)],
    ['is signed with a secret that the set gives away', forge({ alg: 'HS256', kid: 'oct' }, claims)],
    ['has bits left over in its signature', unpadded(signWith({ alg: 'RS256', kid: 'rsa' }, rsa.privateKey))],
    ['names no key', signWith({ alg: 'RS256' }, rsa.privateKey)],
    ['names an unknown key', signWith({ alg: 'RS256', kid: 'unknown' }, rsa.privateKey)],
    ['names a file', signWith({ alg: 'RS256', kid: '../../dev/null' }, mallory.privateKey)],
    ['names a statement', signWith({ alg: 'RS256', kid: "x' UNION SELECT 'key" }, mallory.privateKey)],
    ['names what every object has', signWith({ alg: 'RS256', kid: '__proto__' }, mallory.privateKey)],
    [
      'brings its own key',
      signWith({ alg: 'RS256', kid: 'rsa', jwk: mallory.publicKey.export({ format: 'jwk' }) }, mallory.privateKey),
    ],
    ['says where its keys are', signWith({ alg: 'RS256', kid: 'rsa', jku: 'https://mallory.example/jwks' }, mallory.privateKey)],
    [
      'brings a certificate',
      signWith({ alg: 'RS256', kid: 'rsa', x5c: ['MIIB'], x5u: 'https://mallory.example/' }, mallory.privateKey),
    ],
  ])('%s gets the same 401', async (_name, token) => {
    await expectRefused(withKeys, { authorization: `Bearer ${token}` });
  });

  test('says where its keys are makes us ask nobody else than the provider', () => {
    expect(new Set(provider.asked)).toEqual(new Set(['/jwks']));
  });
});
