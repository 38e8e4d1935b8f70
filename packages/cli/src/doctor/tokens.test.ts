import { afterEach, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import { checkTokens } from './tokens.js';

const secret = 'a secret that is at least 32 bytes long';

test.each([
  ['with a secret', { JWT_SECRET: secret }, 'ok', /^HS256, with one key$/],
  ['with two secrets', { JWT_SECRET: `${secret}\nanother ${secret}` }, 'ok', /^HS256, with 3 keys$/],
  ['with a short secret', { JWT_SECRET: 'short' }, 'wrong', /JWT_SECRET must be at least 32 bytes/],
  ['with two sources', { JWT_SECRET: secret, JWT_JWKS_URL: 'https://a.example/' }, 'wrong', /exactly one of them must be set/],
  ['with the wrong algorithm', { JWT_SECRET: secret, JWT_ALGORITHMS: 'RS256' }, 'wrong', /JWT_ALGORITHMS must name only HS256/],
  ['with an unreachable key set', { JWT_JWKS_URL: 'http://127.0.0.1:9/' }, 'wrong', /gives no key set/],
  ['without any setting', { PATH: '/bin' }, 'skipped', /no JWT_/],
])('token keys %s', async (_case, env, level, message) => {
  const [finding] = await checkTokens(env);
  expect(finding).toMatchObject({ level, message: expect.stringMatching(message) });
  expect(JSON.stringify(finding)).not.toContain(secret);
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
/** Serves the key sets, one for each request, and returns the settings of an API with them. */
async function serve(...sets: object[]): Promise<Record<string, string>> {
  const server = createServer((_request, response) => response.end(JSON.stringify(sets.shift()))).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks`;
  return { JWT_JWKS_URL: url, JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'tidings' };
}
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'a' };

test('token keys from JWT_JWKS_URL: the key set is fetched, and must have a key that can be used', async () => {
  const env = await serve({ keys: [jwk] }, { keys: [jwk] }, { keys: [] }, { keys: [{ kty: 'oct', kid: 'b', k: 'AAAA' }] });
  expect(await checkTokens({ ...env, JWT_ALGORITHMS: 'ES256' })).toMatchObject([
    { level: 'ok', message: 'ES256, with 1 key from JWT_JWKS_URL' },
  ]);
  expect(await checkTokens({ ...env, JWT_AUDIENCE: '' })).toMatchObject([
    { level: 'warning', advice: expect.stringContaining('JWT_AUDIENCE is not set') },
  ]);
  expect(await checkTokens(env)).toMatchObject([
    { level: 'wrong', message: expect.stringContaining('has no key that verifies') },
  ]);
  expect(await checkTokens(env)).toMatchObject([{ level: 'wrong', message: expect.stringContaining('("b": it is symmetric)') }]);
});

test('a token is verified here, and explained part by part', async () => {
  const env = await serve({ keys: [jwk] }, { keys: [jwk] });
  const claims = {
    sub: 'alice',
    iss: 'https://id.example',
    aud: 'tidings',
    exp: Math.floor(Date.now() / 1000) + 600,
    scp: ['admin'],
  };
  const sign = (more: object) => jwt.sign({ ...claims, ...more }, privateKey, { algorithm: 'ES256', keyid: 'a' });

  const right = await checkTokens(env, sign({}));
  expect(right.map(({ level }) => level)).toEqual(right.map(() => 'ok'));
  expect(right).toContainEqual(expect.objectContaining({ check: 'token sub', message: 'is "alice": the owner' }));

  const token = sign({ iss: 'https://id.example/', aud: 'other' });
  const findings = await checkTokens(env, token);
  const wrong = findings.filter(({ level }) => level === 'wrong');
  expect(wrong).toMatchObject([
    { check: 'token iss', message: 'is "https://id.example/"; JWT_ISSUER is "https://id.example" (issuer)' },
    { check: 'token aud', message: 'is "other"; JWT_AUDIENCE is "tidings" (audience)' },
  ]);
  for (const { advice } of wrong) expect(advice).toMatch(/JWT_/);
  expect(JSON.stringify(findings)).not.toContain(token.split('.')[2]);
});
