import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { ConfigError, flag, readConfig, sharedConfig, sharedSettings, wholeNumber } from '@tidings/config';
import type { TokenRules } from './auth/verify-token.js';

const HMAC = ['HS256'] as const;
const PUBLIC_KEY = ['RS256', 'ES256'] as const;
const MIN_SECRET_BYTES = 32;

/** The API's settings, from the environment. Throws a `ConfigError` that lists every mistake. */
export function readApiConfig(env: NodeJS.ProcessEnv) {
  const settings = readConfig(
    {
      ...sharedSettings,
      HOST: z.string().default('0.0.0.0'),
      PORT: wholeNumber({ initial: 3000, min: 0, max: 65_535 }),
      JWT_SECRET: z
        .string()
        .refine(
          (secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES,
          `must be at least ${String(MIN_SECRET_BYTES)} bytes long: make one with "openssl rand -base64 32"`,
        )
        .optional(),
      JWT_PUBLIC_KEY: z.string().refine(isPublicKey, 'must be an RSA or EC public key in PEM').optional(),
      JWT_ALGORITHMS: z.string().default(''),
      JWT_ISSUER: z.string().optional(),
      JWT_AUDIENCE: z.string().optional(),
      WEBHOOKS_PER_USER: wholeNumber({ initial: 5, min: 1, max: 10_000 }),
      REQUIRE_HTTPS: flag(false),
      MAX_IN_FLIGHT: wholeNumber({ initial: 50, min: 1, max: 1000 }),
      REPLAYS_PER_SECOND: wholeNumber({ initial: 10, min: 1, max: 1000 }),
      STREAM_HEARTBEAT_MS: wholeNumber({ initial: 15_000, min: 50, max: 60_000 }),
    },
    env,
  );
  const shared = sharedConfig(settings);
  return {
    host: settings.HOST,
    port: settings.PORT,
    ...shared,
    urlRules: { requireHttps: settings.REQUIRE_HTTPS, addresses: shared.addresses },
    token: tokenRules(settings),
    webhooksPerUser: settings.WEBHOOKS_PER_USER,
    maxInFlight: settings.MAX_IN_FLIGHT,
    replaysPerSecond: settings.REPLAYS_PER_SECOND,
    heartbeatMs: settings.STREAM_HEARTBEAT_MS,
  };
}

function isPublicKey(pem: string): boolean {
  try {
    return pem.includes('PUBLIC KEY') && ['rsa', 'ec'].includes(createPublicKey(pem).asymmetricKeyType ?? '');
  } catch {
    return false;
  }
}

interface TokenSettings {
  JWT_SECRET?: string | undefined;
  JWT_PUBLIC_KEY?: string | undefined;
  JWT_ALGORITHMS: string;
  JWT_ISSUER?: string | undefined;
  JWT_AUDIENCE?: string | undefined;
}

/** One key, and only the algorithms that fit its kind: a public key must never be taken for an HMAC secret. */
function tokenRules(settings: TokenSettings): TokenRules {
  const { JWT_SECRET: secret, JWT_PUBLIC_KEY: publicKey, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings;
  const key = secret ?? publicKey;
  if (key === undefined || (secret !== undefined && publicKey !== undefined)) {
    throw new ConfigError(['JWT_SECRET (HS256) or JWT_PUBLIC_KEY (RS256, ES256) must be set, and not both']);
  }
  const possible: readonly string[] = secret === undefined ? PUBLIC_KEY : HMAC;
  const asked = settings.JWT_ALGORITHMS.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const algorithms = possible.filter((name) => asked.length === 0 || asked.includes(name)) as TokenRules['algorithms'];
  if (asked.some((name) => !possible.includes(name))) {
    throw new ConfigError([`JWT_ALGORITHMS must be of ${possible.join(', ')}, which fit the key that is set`]);
  }
  return { key, algorithms, issuer, audience };
}
