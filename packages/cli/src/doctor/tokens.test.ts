import { expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkTokens } from './tokens.js';

const secret = 'a secret that is at least 32 bytes long';

test.each([
  ['with a secret', { JWT_SECRET: secret }, 'ok', /^HS256, with one key$/],
  ['with a short secret', { JWT_SECRET: 'short' }, 'wrong', /JWT_SECRET must be at least 32 bytes/],
  ['with two sources', { JWT_SECRET: secret, JWT_JWKS_URL: 'https://a.example/' }, 'wrong', /exactly one of them must be set/],
  ['with the wrong algorithm', { JWT_SECRET: secret, JWT_ALGORITHMS: 'RS256' }, 'wrong', /JWT_ALGORITHMS must name only HS256/],
  ['with an unreachable key set', { JWT_JWKS_URL: 'http://127.0.0.1:9/' }, 'wrong', /gives no key set/],
  ['without any setting', { PATH: '/bin' }, 'skipped', /no JWT_/],
])('token keys %s', async (_case, env, level, message) => {
  const finding = await checkTokens(env);
  expect(finding).toMatchObject({ level, message: expect.stringMatching(message) });
  expect(JSON.stringify(finding)).not.toContain(secret);
});

test('token keys from JWT_JWKS_URL: the key set is fetched and must have a key', async () => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const sets = [{ keys: [{ ...jwk, kid: 'a' }] }, { keys: [] }];
  const server = createServer((_request, response) => response.end(JSON.stringify(sets.shift()))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = { JWT_JWKS_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks` };
  expect(await checkTokens(env)).toMatchObject({ level: 'ok', message: 'RS256 or ES256, with 1 key from JWT_JWKS_URL' });
  expect(await checkTokens(env)).toMatchObject({ level: 'wrong', message: expect.stringContaining('has no key') });
  server.close();
});
