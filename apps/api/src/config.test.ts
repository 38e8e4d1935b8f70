import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readApiConfig } from './config.js';

const base = {
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

const weakPublicKey = generateKeyPairSync('rsa', { modulusLength: 1024 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

describe('the configuration of the API', () => {
  test('allows only algorithms of its key: HS256 for a secret, those of its kind for a public key, all of these for a key set', () => {
    expect(readApiConfig({ ...base, JWT_SECRET: secret }).token.algorithms).toEqual(['HS256']);
    expect(readApiConfig({ ...base, JWT_PUBLIC_KEY: publicKey }).token.algorithms).toEqual(['ES256']);
    const url = 'https://id.example/jwks';
    expect(readApiConfig({ ...base, JWT_JWKS_URL: url }).token).toMatchObject({
      algorithms: 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' '),
      source: { url },
    });
    expect(readApiConfig({ ...base, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'ES256' }).token.algorithms).toEqual(['ES256']);
    expect(() => readApiConfig({ ...base, JWT_PUBLIC_KEY: publicKey, JWT_ALGORITHMS: 'HS256' })).toThrow('JWT_ALGORITHMS');
    expect(() => readApiConfig({ ...base, JWT_SECRET: secret, JWT_ALGORITHMS: 'none' })).toThrow('JWT_ALGORITHMS');
  });

  test('needs exactly one key', () => {
    expect(() => readApiConfig(base)).toThrow('one of them must be set');
    expect(() => readApiConfig({ ...base, JWT_SECRET: secret, JWT_PUBLIC_KEY: publicKey })).toThrow(
      'these are set: JWT_SECRET, JWT_PUBLIC_KEY',
    );
  });

  test('reads a public key whose line breaks are written as \\n, as environment files have them', () => {
    const { source } = readApiConfig({ ...base, JWT_PUBLIC_KEY: publicKey.trim().replaceAll('\n', '\\n') }).token;
    expect('keys' in source && source.keys[0]?.export({ type: 'spki', format: 'pem' })).toBe(publicKey);
  });

  test('accepts several secrets and audiences, and claims of other names', () => {
    const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
    const { token } = readApiConfig({
      ...base,
      JWT_SECRET: `${a}\n${b}`,
      JWT_AUDIENCE: 'one, https://two.example',
      JWT_ISSUER: 'me',
      JWT_OWNER_CLAIM: 'https://example.com/owner',
      JWT_SCOPE_CLAIM: '/realm_access/roles,roles',
      JWT_AUDIENCE_CLAIM: 'azp',
    });
    const secrets = 'keys' in token.source ? token.source.keys.map((key) => String(key.export())) : [];
    expect(secrets.slice(0, 2)).toEqual([a, b]);
    expect(token).toMatchObject({
      audiences: ['one', 'https://two.example'],
      issuers: ['me'],
      ownerClaim: { path: ['https://example.com/owner'] },
      scopeClaims: [{ path: ['realm_access', 'roles'] }, { path: ['roles'] }],
      audienceClaim: { path: ['azp'] },
    });
  });

  test('says that a key set without JWT_AUDIENCE or JWT_ISSUER accepts tokens of others, and names no mistyped setting otherwise', () => {
    const JWT_JWKS_URL = 'https://id.example/jwks';
    const notices = (env: Record<string, string>) => readApiConfig({ ...base, ...env }).notices;
    expect(notices({ JWT_JWKS_URL })).toEqual([
      expect.stringMatching(/^JWT_AUDIENCE is not set: .*RFC 8725, 3\.9/),
      expect.stringMatching(/^JWT_ISSUER is not set: .*RFC 8725, 3\.8/),
    ]);
    expect(notices({ JWT_JWKS_URL, JWT_AUDIENCE: 'a', JWT_ISSUER: 'b' })).toEqual([]);
    expect(notices({ JWT_SECRET: secret, WEBHOOK_PER_OWNER: '7' })).toEqual([
      'WEBHOOK_PER_OWNER is not a setting, and has no effect. Did you mean WEBHOOKS_PER_OWNER?',
    ]);
  });

  test('refuses a malformed public key', () => {
    const broken = publicKey.replace(/[A-Za-z0-9]{8}/, 'AAAAAAAA');
    expect(() => readApiConfig({ ...base, JWT_PUBLIC_KEY: broken })).toThrow('JWT_PUBLIC_KEY');
  });

  test('refuses a secret of less than 32 bytes', () => {
    expect(() => readApiConfig({ ...base, JWT_SECRET: 'x'.repeat(31) })).toThrow('at least 32 bytes');
  });

  test.each([
    ['JWT_JWKS_URL', 'http://id.example/jwks'],
    ['JWT_JWKS_URL', 'ftp://id.example/jwks'],
    ['JWT_JWKS_URL', 'http://127.0.0.1.id.example/jwks'],
    ['JWT_JWKS_URL', 'https://me:password@id.example/jwks'],
    ['JWT_REQUIRE_JTI', 'yes'],
    ['JWT_JWKS_FILE', '/nowhere/jwks.json'],
    ['JWT_PUBLIC_KEY', weakPublicKey],
    ['JWT_AUDIENCE', ' '],
    ['JWT_AUDIENCE', ','],
    ['JWT_ISSUER', ' , '],
    ['JWT_OWNER_CLAIM', ' '],
    ['JWT_OWNER_CLAIM', '/'],
    ['JWT_SCOPE_CLAIM', ','],
    ['JWT_SCOPE_CLAIM', 'a,/b//c'],
    ['JWT_SECRET', ' '.repeat(40)],
    ['JWT_SECRET_FILE', '/nowhere/secret'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readApiConfig({ ...base, [name]: value })).toThrow(name);
  });

  test('lists mistakes in the token settings together with all other mistakes', () => {
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

  test('needs a sealing key in every environment: there is no default', () => {
    for (const NODE_ENV of ['production', 'development', 'test']) {
      expect(() => readApiConfig({ ...base, JWT_SECRET: secret, NODE_ENV, SECRETS_KEYS: '' })).toThrow('SECRETS_KEYS is missing');
    }
  });

  test('refuses a sealing key that is not random, in every environment', () => {
    const SECRETS_KEYS = `a:${Buffer.alloc(32, 7).toString('base64')}`;
    for (const NODE_ENV of ['production', 'development', 'test']) {
      expect(() => readApiConfig({ ...base, JWT_SECRET: secret, NODE_ENV, SECRETS_KEYS })).toThrow('("a") is not random');
    }
  });

  test('serves health and metrics on the address of HOST, unless HEALTH_HOST is set', () => {
    const read = (more: Record<string, string>) => readApiConfig({ ...base, JWT_SECRET: secret, HEALTH_PORT: '3001', ...more });
    expect(read({})).toMatchObject({ host: '::', healthServer: { host: '::', port: 3001 } });
    expect(read({ HOST: '127.0.0.1' })).toMatchObject({ host: '127.0.0.1', healthServer: { host: '127.0.0.1' } });
    expect(read({ HEALTH_HOST: '127.0.0.1' })).toMatchObject({ host: '::', healthServer: { host: '127.0.0.1' } });
  });

  test('refuses a DATABASE_POOL with less than one connection for each pool', () => {
    const read = (DATABASE_POOL: string) => readApiConfig({ ...base, JWT_SECRET: secret, DATABASE_POOL });
    expect(read('3').databasePool).toBe(3);
    expect(() => read('2')).toThrow('DATABASE_POOL must be a whole number from 3 to 1000');
  });

  test('lists mistakes in limits, proxies and origins together', () => {
    const wrong = {
      RATE_LIMIT_PER_OWNER: '-1',
      RATE_LIMIT_PER_IP: 'many',
      MAX_CONNECTIONS: '0',
      CONNECTIONS_PER_ADDRESS: '-1',
      TRUST_PROXY: 'true',
      CORS_ORIGINS: '*',
      DASHBOARD: 'off',
    };
    for (const name of Object.keys(wrong)) {
      expect(() => readApiConfig({ ...base, JWT_SECRET: secret, ...wrong })).toThrow(`${name} `);
    }
  });

  test('has the documented defaults', () => {
    expect(readApiConfig({ ...base, JWT_SECRET: secret })).toMatchObject({
      port: 3000,
      webhooksPerOwner: 5,
      urlRules: { requireHttps: false, addresses: { allowed: [], denied: [] } },
      stream: { heartbeatMs: 15_000, bufferBytes: 262_144, perOwner: 10, max: 10_000 },
      maxInFlight: 50,
      replaysPerSecond: 10,
      requestLimits: { perOwner: 1200, perIp: 6000, authFailures: 60, publish: 0, costly: 30, perHost: 60 },
      maxConnections: 11_000,
      connectionsPerAddress: 1000,
      trustedProxies: false,
      corsOrigins: [],
      dashboard: true,
    });
  });
});
