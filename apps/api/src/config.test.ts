import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { readApiConfig } from './config.js';

const good = {
  DATABASE_URL: 'postgresql://u:p@db/tidings',
  REDIS_URL: 'redis://redis:6379',
  SECRETS_KEYS: `a:${Buffer.alloc(32, 7).toString('base64')}`,
};
const secret = 'x'.repeat(32);
const { publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

describe("the API's configuration", () => {
  test('takes HS256 for a secret, RS256 and ES256 for a public key, never one for the other', () => {
    expect(readApiConfig({ ...good, JWT_SECRET: secret }).token.algorithms).toEqual(['HS256']);
    expect(readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey }).token.algorithms).toEqual(['RS256', 'ES256']);
    expect(readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'ES256' }).token.algorithms).toEqual(['ES256']);
    expect(() => readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'HS256' })).toThrow('JWT_ALGORITHMS');
    expect(() => readApiConfig({ ...good, JWT_SECRET: secret, JWT_ALGORITHMS: 'none' })).toThrow('JWT_ALGORITHMS');
  });

  test('needs exactly one key', () => {
    expect(() => readApiConfig(good)).toThrow('JWT_SECRET');
    expect(() => readApiConfig({ ...good, JWT_SECRET: secret, JWT_PUBLIC_KEY: publicKey })).toThrow('not both');
  });

  test('refuses a public key that is none', () => {
    const broken = publicKey.replace(/[A-Za-z0-9]{8}/, 'AAAAAAAA');
    expect(() => readApiConfig({ ...good, JWT_PUBLIC_KEY: broken })).toThrow('JWT_PUBLIC_KEY');
  });

  test('refuses a secret of less than 32 bytes', () => {
    expect(() => readApiConfig({ ...good, JWT_SECRET: 'x'.repeat(31) })).toThrow('at least 32 bytes');
  });

  test('has the documented defaults', () => {
    expect(readApiConfig({ ...good, JWT_SECRET: secret })).toMatchObject({
      port: 3000,
      webhooksPerUser: 5,
      urlRules: { requireHttps: false, addresses: { allowed: [], denied: [] } },
      heartbeatMs: 15_000,
      maxInFlight: 50,
      replaysPerSecond: 10,
    });
  });
});
