import { describe, expect, test } from '@jest/globals';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { verifyToken, type TokenRules } from './verify-token.js';

const secret = 'k'.repeat(40);
const rules: TokenRules = {
  algorithms: ['HS256'],
  findKey: () => Promise.resolve(createSecretKey(Buffer.from(secret))),
  maxLifetimeS: 86_400,
  clockToleranceS: 5,
  requireTokenId: false,
  isRevoked: () => false,
};
const now = () => Math.floor(Date.now() / 1000);
const sign = (claims: object, options: jwt.SignOptions = {}) => jwt.sign({ exp: now() + 600, ...claims }, secret, options);

describe('a valid token', () => {
  test('names its owner, scopes, end and id', async () => {
    const exp = now() + 600;
    const token = sign({ sub: 'alice', exp, scope: 'events:publish admin', jti: 'one' });
    expect(await verifyToken(token, rules)).toEqual({
      owner: 'alice',
      scopes: new Set(['events:publish', 'admin']),
      expiresAt: (exp + rules.clockToleranceS) * 1000,
      tokenId: 'one',
    });
    expect(await verifyToken(sign({ sub: 'alice' }), rules)).toMatchObject({ scopes: new Set(), tokenId: undefined });
  });

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', undefined])('may have the typ %s', async (typ) => {
    const header = { alg: 'HS256', typ } as jwt.JwtHeader;
    expect(await verifyToken(sign({ sub: 'alice' }, { header }), rules)).toMatchObject({ owner: 'alice' });
  });

  test('needs a jti when the configuration requires one', async () => {
    const strict = { ...rules, requireTokenId: true };
    expect(await verifyToken(sign({ sub: 'alice' }), strict)).toBeNull();
    expect(await verifyToken(sign({ sub: 'alice', jti: 'one' }), strict)).toMatchObject({ tokenId: 'one' });
  });

  test('may come from a clock that differs within the tolerance', async () => {
    const of = async (claims: object) => (await verifyToken(sign({ sub: 'alice', ...claims }), rules)) !== null;
    expect(await of({ iat: now() + 3, nbf: now() + 3 })).toBe(true);
    expect(await of({ exp: now() - 2 })).toBe(true);
    expect(await of({ iat: now() + 60 })).toBe(false);
    expect(await of({ nbf: now() + 60 })).toBe(false);
    expect(await of({ exp: now() - 60 })).toBe(false);
  });

  test('may live up to the longest allowed lifetime', async () => {
    const of = async (exp: number) => (await verifyToken(sign({ sub: 'alice', exp }), rules)) !== null;
    expect(await of(now() + 86_400)).toBe(true);
    expect(await of(now() + 86_500)).toBe(false);
  });

  test.each([
    ['rsa', 'RS256'],
    ['ec', 'ES256'],
  ] as const)('may be signed with a private key (%s, %s)', async (type, algorithm) => {
    const { publicKey, privateKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = jwt.sign({ sub: 'alice', exp: now() + 600 }, privateKey, { algorithm });
    const findKey = () => Promise.resolve(createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })));
    expect(await verifyToken(token, { ...rules, findKey, algorithms: [algorithm] })).toMatchObject({ owner: 'alice' });
    expect(await verifyToken(token, rules)).toBeNull();
  });

  test('has the configured issuer and audience', async () => {
    const strict = { ...rules, issuer: 'platform', audience: 'tidings' };
    const of = (options: jwt.SignOptions) => verifyToken(sign({ sub: 'alice' }, options), strict);
    expect(await of({ issuer: 'platform', audience: 'tidings' })).toMatchObject({ owner: 'alice' });
    expect(await of({ issuer: 'platform', audience: ['other', 'tidings'] })).toMatchObject({ owner: 'alice' });
    expect(await of({ issuer: 'other', audience: 'tidings' })).toBeNull();
    expect(await of({ issuer: 'platform' })).toBeNull();
  });
});

test('refuses 8 KB of malformed text in less than 10 ms of CPU', async () => {
  for (const text of ['.', 'a.', '..a', 'e30.']) {
    const before = process.cpuUsage();
    for (let count = 0; count < 20; count += 1) {
      expect(await verifyToken(text.repeat(8192).slice(0, 8192), rules)).toBeNull();
    }
    const { user, system } = process.cpuUsage(before);
    // Without the limit of parts, each took 50 ms.
    expect((user + system) / 1000 / 20).toBeLessThan(10);
  }
});
