import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import supertest from 'supertest';
import { Redis } from 'ioredis';
import { revokeToken } from '@tidings/auth';
import { CLAIMS, encode, expectRefused, forge, HEADER, now, PATH, unpadded, type Json } from '../../test/forge-token.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ tokenRules: { issuer: 'platform', audience: 'tidings' } });
});
afterAll(() => api.stop());

const saying = (claims: Json) => forge(HEADER, { ...CLAIMS, ...claims });
const headed = (header: Json) => forge({ ...HEADER, ...header }, CLAIMS);
const without = (claim: keyof typeof CLAIMS) => forge(HEADER, { ...CLAIMS, [claim]: undefined });
const valid = forge(HEADER, CLAIMS);
const [head = '', body = '', signature = ''] = valid.split('.');
/** The claims as text, with one pair more. */
const doubled = (pair: string) => JSON.stringify(CLAIMS).replace('{', `{${pair},`);

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
