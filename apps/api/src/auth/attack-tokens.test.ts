import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import supertest from 'supertest';
import { CLAIMS, encode, expectRefused, forge, HEADER, now, PATH, unpadded, type Json } from '../../test/forge-token.js';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ tokenRules: { issuers: ['platform'], audiences: ['tidings'] } });
});
afterAll(() => api.stop());

const withClaims = (claims: Json) => forge(HEADER, { ...CLAIMS, ...claims });
const withHeader = (header: Json) => forge({ ...HEADER, ...header }, CLAIMS);
const withoutClaim = (claim: keyof typeof CLAIMS) => forge(HEADER, { ...CLAIMS, [claim]: undefined });
const valid = forge(HEADER, CLAIMS);
const [head = '', body = '', signature = ''] = valid.split('.');
/** The claims as JSON text, with one more member. */
const withDuplicate = (member: string) => JSON.stringify(CLAIMS).replace('{', `{${member},`);

const INVALID_TOKENS: Record<string, string> = {
  'is not signed (alg none)': `${encode({ alg: 'none' })}.${body}.`,
  'names NONE in capitals as its alg': `${encode({ alg: 'NONE' })}.${body}.`,
  'names nOnE as its alg and keeps a signature': `${encode({ alg: 'nOnE' })}.${body}.${signature}`,
  'has no alg': forge({ typ: 'JWT' }, CLAIMS),
  'has a list as its alg': withHeader({ alg: ['HS256'] }),
  'has an empty signature': `${head}.${body}.`,
  'has a truncated signature': `${head}.${body}.${signature.slice(0, -4)}`,
  'has a changed signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  'has a signature that is not canonical base64url': `${head}.${body}.${unpadded(signature)}`,
  'has a padded signature': `${valid}=`,
  'has another payload than the signed one': `${head}.${encode({ ...CLAIMS, sub: 'mallory' })}.${signature}`,
  'consists of dots': '.'.repeat(8192),
  'has two parts': `${head}.${body}`,
  'has four parts': `${valid}.${signature}`,
  'has five parts, like an encrypted token': `${encode({ alg: 'dir', enc: 'A256GCM' })}.a.b.c.d`,
  'has an empty payload': `${head}..${signature}`,
  'has an empty header': forge('', CLAIMS),
  'has a header that is not JSON': forge('{', CLAIMS),
  'has a header that is a list': forge([HEADER], CLAIMS),
  'is signed with another secret': forge(HEADER, CLAIMS, { secret: 'another secret of at least 32 bytes.' }),
  'is signed with an empty secret': forge(HEADER, CLAIMS, { secret: '' }),
  'is signed with HS512': forge({ alg: 'HS512' }, CLAIMS, { hash: 'sha512' }),
  'is signed with HS384': forge({ alg: 'HS384' }, CLAIMS, { hash: 'sha384' }),
  'names RS256 although a secret is configured': withHeader({ alg: 'RS256' }),
  'has no exp': withoutClaim('exp'),
  'expired a minute ago': withClaims({ exp: now - 60 }),
  'expires in the year 56,000, because exp is in milliseconds': withClaims({ exp: (now + 600) * 1000 }),
  'is valid for more than a day': withClaims({ exp: now + 90_000 }),
  'has a string as its exp': withClaims({ exp: String(now + 600) }),
  'expired half a minute ago, with a fraction': withClaims({ exp: now - 30.5 }),
  'has a negative exp': withClaims({ exp: -1 }),
  'has null as its exp': withClaims({ exp: null }),
  'has 1e999 as its exp': forge(HEADER, JSON.stringify({ ...CLAIMS, exp: 0 }).replace('"exp":0', '"exp":1e999')),
  'was issued in the future': withClaims({ iat: now + 3600 }),
  'has a string as its iat': withClaims({ iat: 'now' }),
  'is not valid yet': withClaims({ nbf: now + 3600 }),
  'has a string as its nbf': withClaims({ nbf: 'tomorrow' }),
  'has no sub': withoutClaim('sub'),
  'has an empty sub': withClaims({ sub: '' }),
  'has a number as its sub': withClaims({ sub: 7 }),
  'has a list as its sub': withClaims({ sub: ['alice'] }),
  'has an object as its sub': withClaims({ sub: { id: 'alice' } }),
  'has a line break in its sub': withClaims({ sub: 'alice\nadmin' }),
  'has a direction mark in its sub': withClaims({ sub: 'alice\u202e' }),
  'has a NUL in its sub': withClaims({ sub: 'alice\0' }),
  'has a sub of 256 characters': withClaims({ sub: 'a'.repeat(256) }),
  'has two subs': forge(HEADER, withDuplicate('"sub":"mallory"')),
  'has two subs, one of them with an escaped name': forge(HEADER, withDuplicate('"s\\u0075b":"mallory"')),
  'has two algs': forge('{"alg":"none","alg":"HS256"}', CLAIMS),
  'has a critical header': withHeader({ crit: ['exp'], exp: now + 600 }),
  'has b64: false as a critical header': withHeader({ b64: false, crit: ['b64'] }),
  'has b64: false without crit': withHeader({ b64: false }),
  'has another typ': withHeader({ typ: 'dpop+jwt' }),
  'has a list as its typ': withHeader({ typ: ['JWT'] }),
  'is nested': withHeader({ cty: 'JWT' }),
  'is compressed': withHeader({ zip: 'DEF' }),
  'has an enc header': withHeader({ enc: 'A256GCM' }),
  'has an alg with the Greek letter Eta': withHeader({ alg: '\u0397S256' }),
  'has a kid that is not a string': withHeader({ kid: { a: 1 } }),
  'has a number as its scope': withClaims({ scope: 7 }),
  'has a scope with a number in its list': withClaims({ scope: ['events:publish', 7] }),
  'has an object as its scope': withClaims({ scope: { admin: { of: 'all' } } }),
  'has true as its scope': withClaims({ scope: true }),
  'has a jti that is not a string': withClaims({ jti: 7 }),
  'has another iss': withClaims({ iss: 'mallory' }),
  'has two values as its iss': withClaims({ iss: ['platform', 'mallory'] }),
  'has no iss': withoutClaim('iss'),
  'has another aud': withClaims({ aud: 'mallory' }),
  'has no aud': withoutClaim('aud'),
  'is not UTF-8': forge(HEADER, Buffer.from(JSON.stringify({ ...CLAIMS, n: '\u00ff' }), 'latin1')),
  'has a string as its payload': forge(HEADER, '"alice"'),
  'has a list as its payload': forge(HEADER, [CLAIMS]),
  'has an aud in another claim': withClaims({ aud: undefined, client_id: 'tidings' }),
  'has an object as its aud': withClaims({ aud: { tidings: true } }),
  'has null as its payload': forge(HEADER, 'null'),
  'is longer than 8 KB': withClaims({ pad: 'x'.repeat(8192) }),
  'was revoked': withClaims({ jti: 'revoked' }),
  'was issued before the tokens of its owner were revoked': withClaims({ sub: 'rita', iat: now - 60 }),
  'does not say when it was issued, and the tokens of its owner were revoked': withClaims({ sub: 'rita', iat: undefined }),
};

describe('a token that', () => {
  beforeAll(async () => {
    const operator = forge(HEADER, { ...CLAIMS, sub: 'olga', scope: 'admin' });
    for (const target of [{ jti: 'revoked' }, { owner: 'rita' }]) {
      const { status } = await supertest(api.url)
        .post('/api/admin/revocations')
        .set('authorization', `Bearer ${operator}`)
        .send(target);
      expect(status).toBe(201);
    }
  });

  test('is valid is accepted, so that the refusals below have no other cause', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      expect((await supertest(api.url).get('/api/webhooks').set('authorization', `${scheme} ${valid}`)).status).toBe(200);
    }
    expect(
      (
        await supertest(api.url)
          .get('/api/webhooks')
          .set('authorization', `Bearer ${withClaims({ jti: 'other' })}`)
      ).status,
    ).toBe(200);
  });

  test('is invalid in more than sixty ways in this file', () => {
    expect(Object.keys(INVALID_TOKENS).length).toBeGreaterThan(60);
  });

  test.each(Object.entries(INVALID_TOKENS))('%s gets the same 401, which does not say why', async (_name, token) => {
    await expectRefused(api, { authorization: `Bearer ${token}` });
  });

  test('comes with a second Authorization header is refused, whichever of the two is valid', async () => {
    for (const headers of [
      ['Bearer abc', `Bearer ${valid}`],
      [`Bearer ${valid}`, 'Bearer abc'],
    ]) {
      const { hostname, port } = new URL(api.url);
      // Node's own client sends two headers. Other clients would join them to one.
      const names = ['host', hostname, ...headers.flatMap((value) => ['authorization', value])];
      const request = httpRequest({ hostname, port, path: PATH, headers: names }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).toBe(401);
    }
  });

  test.each<[string, Record<string, string>, string]>([
    ['is missing', {}, PATH],
    ['has another scheme', { authorization: `Basic ${Buffer.from('alice:pw').toString('base64')}` }, PATH],
    ['has no scheme', { authorization: valid }, PATH],
    ['comes with another one in the same header', { authorization: `Bearer ${valid}, Bearer ${valid}` }, PATH],
    ['comes in the query', {}, `/api/webhooks?access_token=${valid}`],
    ['comes in a cookie', { cookie: `token=${valid}` }, PATH],
  ])('%s gets the same 401', async (_name, headers, path) => {
    await expectRefused(api, headers, path);
  });
});
