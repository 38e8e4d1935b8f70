import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { verifyToken, type TokenRules } from './verify-token.js';

const key = 'k'.repeat(40);
const rules: TokenRules = { key, algorithms: ['HS256'] };
const exp = () => Math.floor(Date.now() / 1000) + 600;
const sign = (claims: object, options: jwt.SignOptions = {}) => jwt.sign(claims, key, options);
const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const pair = (type: 'rsa' | 'ec') =>
  type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: spki, privateKeyEncoding: pkcs8 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: spki, privateKeyEncoding: pkcs8 });

describe('a token', () => {
  test('names its user, scopes and end', () => {
    const end = exp();
    expect(verifyToken(sign({ sub: 'alice', exp: end, scope: 'events:publish admin' }), rules)).toEqual({
      userId: 'alice',
      scopes: new Set(['events:publish', 'admin']),
      expiresAt: end * 1000,
    });
    expect(verifyToken(sign({ sub: 'alice', exp: exp() }), rules)?.scopes.size).toBe(0);
  });

  test.each([
    ['rsa', 'RS256'],
    ['ec', 'ES256'],
  ] as const)('may be signed with a private key (%s, %s)', (type, algorithm) => {
    const { publicKey, privateKey } = pair(type);
    const token = jwt.sign({ sub: 'alice', exp: exp() }, privateKey, { algorithm });
    expect(verifyToken(token, { key: publicKey, algorithms: [algorithm] })?.userId).toBe('alice');
    expect(verifyToken(token, rules)).toBeNull();
  });

  test('signed with a public key as if it were a secret is refused', () => {
    const { publicKey } = pair('rsa');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = jwt.sign({ sub: 'admin', exp: exp() }, 'x'.repeat(40)).replace(/^[^.]+/, part({ alg: 'HS256', typ: 'JWT' }));
    expect(verifyToken(forged, { key: publicKey, algorithms: ['RS256'] })).toBeNull();
  });

  test.each<[string, string]>([
    ['has ended', sign({ sub: 'alice', exp: Math.floor(Date.now() / 1000) - 1 })],
    ['has no end', sign({ sub: 'alice' })],
    ['has no subject', sign({ exp: exp() })],
    ['has an empty subject', sign({ sub: '', exp: exp() })],
    ['has control characters in its subject', sign({ sub: 'a\nb', exp: exp() })],
    ['is not valid yet', sign({ sub: 'alice', exp: exp(), nbf: exp() })],
    ['was signed with another key', jwt.sign({ sub: 'alice', exp: exp() }, 'another'.repeat(8))],
    ['has another algorithm', sign({ sub: 'alice', exp: exp() }, { algorithm: 'HS512' })],
    ['has no signature', jwt.sign({ sub: 'alice', exp: exp() }, '', { algorithm: 'none' })],
    ['has a payload that is no object', jwt.sign('alice', key)],
    ['is longer than 8 KB', sign({ sub: 'alice', exp: exp(), pad: 'x'.repeat(8192) })],
    ['is none', 'abc'],
  ])('that %s is refused', (_name, token) => {
    expect(verifyToken(token, rules)).toBeNull();
  });

  test('must come from the issuer, and be for the audience, that are configured', () => {
    const strict = { ...rules, issuer: 'platform', audience: 'tidings' };
    const claims = { sub: 'alice', exp: exp() };
    expect(verifyToken(sign(claims, { issuer: 'platform', audience: 'tidings' }), strict)?.userId).toBe('alice');
    expect(verifyToken(sign(claims, { issuer: 'other', audience: 'tidings' }), strict)).toBeNull();
    expect(verifyToken(sign(claims, { issuer: 'platform' }), strict)).toBeNull();
  });
});
