import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readApiConfig } from './config.js';

const good = {
  DATABASE_URL: 'postgresql://u:p@db/tidings',
  REDIS_URL: 'redis://redis:6379',
  SECRETS_KEYS: `a:${randomBytes(32).toString('base64')}`,
};
const secret = 'x'.repeat(32);
const { publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

describe("the API's configuration", () => {
  test('takes HS256 for a secret, what fits its kind for a public key, both for a set, never one for the other', () => {
    expect(readApiConfig({ ...good, JWT_SECRET: secret }).token.algorithms).toEqual(['HS256']);
    expect(readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey }).token.algorithms).toEqual(['ES256']);
    const url = 'https://id.example/jwks';
    expect(readApiConfig({ ...good, JWT_JWKS_URL: url }).token).toMatchObject({
      algorithms: ['RS256', 'ES256'],
      source: { url },
    });
    expect(readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'ES256' }).token.algorithms).toEqual(['ES256']);
    expect(() => readApiConfig({ ...good, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'HS256' })).toThrow('JWT_ALGORITHMS');
    expect(() => readApiConfig({ ...good, JWT_SECRET: secret, JWT_ALGORITHMS: 'none' })).toThrow('JWT_ALGORITHMS');
  });

  test('needs exactly one key', () => {
    expect(() => readApiConfig(good)).toThrow('one of them must be set');
    expect(() => readApiConfig({ ...good, JWT_SECRET: secret, JWT_PUBLIC_KEY: publicKey })).toThrow(
      'these are JWT_SECRET, JWT_PUBLIC_KEY',
    );
  });

  test('refuses a public key that is none', () => {
    const broken = publicKey.replace(/[A-Za-z0-9]{8}/, 'AAAAAAAA');
    expect(() => readApiConfig({ ...good, JWT_PUBLIC_KEY: broken })).toThrow('JWT_PUBLIC_KEY');
  });

  test('refuses a secret of less than 32 bytes', () => {
    expect(() => readApiConfig({ ...good, JWT_SECRET: 'x'.repeat(31) })).toThrow('at least 32 bytes');
  });

  test.each([
    ['JWT_JWKS_URL', 'http://id.example/jwks'],
    ['JWT_JWKS_URL', 'ftp://id.example/jwks'],
    ['JWT_JWKS_URL', 'http://127.0.0.1.id.example/jwks'],
    ['JWT_JWKS_URL', 'https://me:password@id.example/jwks'],
    ['JWT_REQUIRE_JTI', 'yes'],
    ['JWT_JWKS_FILE', '/nowhere/jwks.json'],
    ['JWT_PUBLIC_KEY', weak],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readApiConfig({ ...good, [name]: value })).toThrow(name);
  });

  test('tells what is wrong with the keys of tokens together with all else that is wrong', () => {
    const message = (() => {
      try {
        readApiConfig({ PORT: 'x' });
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const name of ['PORT', 'DATABASE_URL is missing', 'SECRETS_KEYS is missing', 'JWT_SECRET'])
      expect(message).toContain(name);
  });

  test('needs a key that seals, in production as anywhere: there is none by default', () => {
    for (const NODE_ENV of ['production', 'development', 'test']) {
      expect(() => readApiConfig({ ...good, JWT_SECRET: secret, NODE_ENV, SECRETS_KEYS: '' })).toThrow('SECRETS_KEYS is missing');
    }
  });

  test('refuses a key that seals and that anybody could guess, in production as anywhere', () => {
    const SECRETS_KEYS = `a:${Buffer.alloc(32, 7).toString('base64')}`;
    for (const NODE_ENV of ['production', 'development', 'test']) {
      expect(() => readApiConfig({ ...good, JWT_SECRET: secret, NODE_ENV, SECRETS_KEYS })).toThrow('("a") is not random');
    }
  });

  test('lists what is wrong with limits, proxies and origins together', () => {
    const wrong = {
      RATE_LIMIT_PER_OWNER: '-1',
      RATE_LIMIT_PER_IP: 'many',
      MAX_CONNECTIONS: '0',
      TRUST_PROXY: 'true',
      CORS_ORIGINS: '*',
      DASHBOARD: 'off',
    };
    for (const name of Object.keys(wrong)) {
      expect(() => readApiConfig({ ...good, JWT_SECRET: secret, ...wrong })).toThrow(`${name} `);
    }
  });

  test('has the documented defaults', () => {
    expect(readApiConfig({ ...good, JWT_SECRET: secret })).toMatchObject({
      port: 3000,
      webhooksPerOwner: 5,
      urlRules: { requireHttps: false, addresses: { allowed: [], denied: [] } },
      stream: { heartbeatMs: 15_000, bufferBytes: 262_144, perOwner: 10, max: 10_000 },
      maxInFlight: 50,
      replaysPerSecond: 10,
      requestLimits: { perOwner: 1200, perIp: 6000, authFailures: 60, publish: 0, costly: 30 },
      maxConnections: 11_000,
      trustedProxies: false,
      corsOrigins: [],
      dashboard: true,
    });
  });
});
