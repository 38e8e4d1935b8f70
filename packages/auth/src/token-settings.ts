import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { flag, group, wholeNumber } from '@tidings/config';
import { algorithmOf, parseKeySet, type Algorithm } from './parse-key-set.js';

const MIN_SECRET_BYTES = 32;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The settings that decide which tokens are valid. */
export const tokenSettings = group('Tokens', {
  JWT_SECRET: z
    .string()
    .refine(
      (secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES,
      `must be at least ${String(MIN_SECRET_BYTES)} bytes long: make one with "openssl rand -base64 32"`,
    )
    .optional()
    .meta({ values: `text of at least ${String(MIN_SECRET_BYTES)} bytes` })
    .describe('Verifies tokens with HS256.'),
  JWT_PUBLIC_KEY: z
    .string()
    .refine((pem) => publicKey(pem) !== null, 'must be an RSA key of 2,048 bits or more, or an EC key on P-256: public, in PEM')
    .optional()
    .meta({ values: 'public key in PEM: RSA of 2,048 bits or more, or EC on P-256' })
    .describe('Verifies tokens with RS256 (RSA) or ES256 (EC).'),
  JWT_JWKS_URL: z
    .url({ protocol: /^https?$/, hostname: /.*/, error: 'must be a URL' })
    .refine(
      isSecureUrl,
      'must begin with https:// (unless it is on this machine) and have no user name or password: a changed key set can sign tokens',
    )
    .optional()
    .meta({ values: '`https:` URL without a password, or `http:` on this machine' })
    .describe(
      'A JSON Web Key Set that verifies tokens with RS256 and ES256. It is loaded again every five minutes, and for an unknown `kid` at most once in ten seconds.',
    ),
  JWT_JWKS_FILE: z
    .string()
    .refine(holdsKeys, 'must be a file with a JSON Web Key Set that has a usable key')
    .optional()
    .meta({ values: 'path of a JSON file' })
    .describe('The same as `JWT_JWKS_URL` in a file. It is read again within two seconds after a change.'),
  JWT_ALGORITHMS: z
    .string()
    .default('')
    .meta({ values: 'of `HS256`, `RS256` and `ES256`, comma-separated' })
    .describe('The accepted algorithms, of those that fit the key. Unset: all that fit.'),
  JWT_ISSUER: z.string().optional().describe('The value that `iss` of a token must have. Unset: `iss` is not checked.'),
  JWT_AUDIENCE: z.string().optional().describe('The value that `aud` of a token must have. Unset: `aud` is not checked.'),
  JWT_MAX_LIFETIME_S: wholeNumber({ initial: 86_400, min: 60, max: 31_536_000 }).describe(
    'The longest time until the `exp` of a token, in seconds. A token with a later `exp` is refused with 401.',
  ),
  JWT_CLOCK_TOLERANCE_S: wholeNumber({ initial: 5, min: 0, max: 300 }).describe(
    'The allowed difference between the clocks of the API and of the identity provider, in seconds.',
  ),
  JWT_REQUIRE_JTI: flag(false).describe('Whether tokens without `jti`, which cannot be revoked, are refused.'),
});

const SOURCES = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_JWKS_FILE'] as const;

/** Returns the mistakes of settings that contradict each other. */
export function tokenMistakes(env: NodeJS.ProcessEnv): string[] {
  const set = SOURCES.filter((name) => (env[name] ?? '') !== '');
  if (set.length !== 1) {
    return [
      `${SOURCES.join(', ')}: exactly one of them must be set${set.length > 1 ? `, but these are set: ${set.join(', ')}` : ''}`,
    ];
  }
  const possible = possibleAlgorithms(env);
  const wrong = namesIn(env['JWT_ALGORITHMS'] ?? '').some((name) => !(possible as readonly string[]).includes(name));
  return wrong ? [`JWT_ALGORITHMS must name only ${possible.join(', ')}, which fit the configured key`] : [];
}

/** The source of the keys that verify tokens. */
export type KeySource = { key: KeyObject } | { url: string } | { file: string };

/** The rules of valid tokens, and the source of the keys that verify them. */
export interface TokenConfig {
  /** The algorithms that are accepted. A token's `alg` cannot add to them. */
  algorithms: readonly Algorithm[];
  source: KeySource;
  issuer: string | undefined;
  audience: string | undefined;
  /** How far in the future `exp` may be, in seconds. */
  maxLifetimeS: number;
  /** How far clocks may differ, in seconds. */
  clockToleranceS: number;
  /** Whether tokens without `jti`, which cannot be revoked, are refused. */
  requireTokenId: boolean;
}

type TokenSettings = z.output<z.ZodObject<typeof tokenSettings>>;

/**
 * Returns the rules of valid tokens. The kind of the key decides which algorithms are accepted: a public key must never be used
 * as an HMAC secret.
 */
export function tokenConfig(settings: TokenSettings): TokenConfig {
  const { JWT_SECRET: secret, JWT_PUBLIC_KEY: pem, JWT_JWKS_URL: url, JWT_JWKS_FILE: file } = settings;
  const configured = namesIn(settings.JWT_ALGORITHMS);
  const key = secret !== undefined ? createSecretKey(Buffer.from(secret)) : publicKey(pem ?? '');
  return {
    algorithms: possibleAlgorithms(settings).filter((name) => configured.length === 0 || configured.includes(name)),
    source: key !== null ? { key } : url !== undefined ? { url } : { file: file ?? '' },
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
    maxLifetimeS: settings.JWT_MAX_LIFETIME_S,
    clockToleranceS: settings.JWT_CLOCK_TOLERANCE_S,
    requireTokenId: settings.JWT_REQUIRE_JTI,
  };
}

function possibleAlgorithms({ JWT_SECRET, JWT_PUBLIC_KEY }: Readonly<Record<string, unknown>>): Algorithm[] {
  if (typeof JWT_SECRET === 'string' && JWT_SECRET !== '') return ['HS256'];
  const key = typeof JWT_PUBLIC_KEY === 'string' ? publicKey(JWT_PUBLIC_KEY) : null;
  const algorithm = key && algorithmOf(key);
  return algorithm ? [algorithm] : ['RS256', 'ES256'];
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function publicKey(pem: string): KeyObject | null {
  try {
    const key = pem.includes('PUBLIC KEY') ? createPublicKey(pem) : null;
    return key && algorithmOf(key) && key;
  } catch {
    return null;
  }
}

function isSecureUrl(url: string): boolean {
  const { protocol, hostname, username, password } = new URL(url);
  return username === '' && password === '' && (protocol === 'https:' || LOOPBACK.includes(hostname));
}

function holdsKeys(path: string): boolean {
  try {
    return parseKeySet(readFileSync(path, 'utf8')).size > 0;
  } catch {
    return false;
  }
}
