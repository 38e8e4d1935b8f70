import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fileVariable, flag, group, parsed, wholeNumber } from '@tidings/config';
import { algorithmsOf, ASYMMETRIC, type Algorithm } from './algorithms.js';
import { parseClaimName, type ClaimName } from './claim-names.js';
import type { ClaimRules } from './claims.js';
import { parseKeySet } from './key-set.js';
import { MIN_SECRET_BYTES, secretNotices, verifyingSecrets } from './secrets.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const KINDS = 'RSA of 2,048 bits or more, EC on P-256, P-384 or P-521, or Ed25519';

/** The largest `JWT_CLOCK_TOLERANCE_S`: for as long behind its `exp` a token may still be accepted, in seconds. */
export const MAX_CLOCK_TOLERANCE_S = 300;

/** The settings that decide which tokens are valid. */
export const tokenSettings = group('Tokens', {
  JWT_SECRET: z
    .string()
    .refine(
      (value) => Buffer.byteLength(value.trim()) >= MIN_SECRET_BYTES,
      `must be at least ${String(MIN_SECRET_BYTES)} bytes long: make one with "openssl rand -base64 32"`,
    )
    .optional()
    .meta({ values: `text of at least ${String(MIN_SECRET_BYTES)} bytes, or several, one a line`, keepsWhiteSpace: true })
    .describe(
      'Verifies tokens with HS256. Several secrets are all accepted, which allows to [rotate](identity.md#rotating-jwt_secret) them: one a line, the newest first; `\\n` counts as a line break.',
    ),
  JWT_PUBLIC_KEY: z
    .string()
    .refine((pem) => publicKey(pem) !== null, `must be a public key in PEM: ${KINDS}`)
    .optional()
    .meta({ values: `public key in PEM: ${KINDS}` })
    .describe(
      'Verifies tokens with the algorithms of its kind: RS256 to RS512 and PS256 to PS512, ES256, ES384, ES512, or EdDSA. `\\n` counts as a line break.',
    ),
  JWT_JWKS_URL: z
    .url({ protocol: /^https?$/, hostname: /.*/, error: 'must be a URL' })
    .refine(
      isSecureUrl,
      'must begin with https:// (unless it is on this machine) and have no user name or password: a changed key set can sign tokens',
    )
    .optional()
    .meta({ values: '`https:` URL without a password, or `http:` on this machine' })
    .describe(
      'A JSON Web Key Set that verifies tokens with RS256 to RS512, PS256 to PS512, ES256, ES384, ES512 and EdDSA. It is loaded again every five minutes, and for an unknown `kid` at most once in ten seconds.',
    ),
  JWT_JWKS_FILE: z
    .string()
    .refine(holdsKeys, 'must be a file with a JSON Web Key Set that has a usable key')
    .optional()
    .meta({ values: 'path of a JSON file' })
    .describe('The same as `JWT_JWKS_URL` in a file. It is read again within two seconds after a change.'),
  JWT_ALGORITHMS: textList(`of \`HS256\`, ${ASYMMETRIC.map((name) => `\`${name}\``).join(', ')}, comma-separated`).describe(
    'The accepted algorithms, of those that fit the key. Unset: all that fit.',
  ),
  JWT_ISSUER: textList('texts, comma-separated').describe(
    'The values that `iss` of a token may have. Unset: `iss` is not checked.',
  ),
  JWT_AUDIENCE: textList('texts, comma-separated').describe(
    'The audiences that are accepted: `aud` of a token must have one of them. Unset: `aud` is not checked, and with a key set the API warns of that.',
  ),
  JWT_AUDIENCE_CLAIM: claimName('aud').describe(
    'The claim that is compared with `JWT_AUDIENCE`, for [identity providers](identity.md#identity-providers) whose tokens name their client instead: `client_id` or `azp`.',
  ),
  JWT_OWNER_CLAIM: claimName('sub').describe('The claim that names the owner. Its value must be text.'),
  JWT_SCOPE_CLAIM: parsed('[names of claims](identity.md#names-of-claims), comma-separated', readScopeClaims)
    .optional()
    .describe(
      'The claim that holds the scopes: text with spaces between, or a list. The first one that is present counts, and no other. Unset: the first one of `scope`, `scp` and `permissions`.',
    ),
  JWT_SCOPE_PREFIX: z
    .string()
    .default('')
    .meta({ values: 'text' })
    .describe(
      'The beginning of the scopes that are for Tidings, such as `tidings/` of `tidings/events:publish`. It is removed, and scopes without it do not count. Unset: scopes are used as they are.',
    ),
  JWT_MAX_LIFETIME_S: wholeNumber({ initial: 86_400, min: 60, max: 31_536_000 }).describe(
    'The longest time until the `exp` of a token, in seconds. A token with a later `exp` is refused with 401.',
  ),
  JWT_CLOCK_TOLERANCE_S: wholeNumber({ initial: 5, min: 0, max: MAX_CLOCK_TOLERANCE_S }).describe(
    'The allowed difference between the clocks of the API and of the identity provider, in seconds.',
  ),
  JWT_REQUIRE_JTI: flag(false).describe('Whether tokens without `jti`, which cannot be revoked, are refused.'),
});

const SOURCES = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL', 'JWT_JWKS_FILE'] as const;

/** Returns the mistakes of settings that contradict each other. */
export function tokenMistakes(env: NodeJS.ProcessEnv): string[] {
  const set = SOURCES.filter((name) => env[name] || env[fileVariable(name)]);
  if (set.length !== 1) {
    return [
      `${SOURCES.join(', ')}: exactly one of them must be set${set.length > 1 ? `, but these are set: ${set.join(', ')}` : ''}`,
    ];
  }
  const possible = possibleAlgorithms(env);
  const wrong = namesIn(env['JWT_ALGORITHMS'] ?? '').some((name) => !(possible as readonly string[]).includes(name));
  return wrong ? [`JWT_ALGORITHMS must name only ${possible.join(', ')}, which fit the configured key`] : [];
}

type TokenSettings = z.output<z.ZodObject<typeof tokenSettings>>;

/** Returns what an operator should know about settings that are allowed, in sentences without the values of secrets. */
export function tokenNotices(settings: TokenSettings): string[] {
  const { JWT_SECRET: secret, JWT_JWKS_URL: url, JWT_JWKS_FILE: file, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings;
  if (url === undefined && file === undefined) return secretNotices(secret ?? '');
  const source = url === undefined ? 'JWT_JWKS_FILE' : 'JWT_JWKS_URL';
  return [
    ...(namesIn(audience).length > 0
      ? []
      : [
          `JWT_AUDIENCE is not set: tokens that the provider of ${source} made for other applications are accepted, too (RFC 8725, 3.9). Set it to the audience of Tidings.`,
        ]),
    ...(namesIn(issuer).length > 0
      ? []
      : [`JWT_ISSUER is not set: tokens of every issuer that signs with a key of ${source} are accepted (RFC 8725, 3.8).`]),
  ];
}

/** The source of the keys that verify tokens. */
export type KeySource = { keys: readonly KeyObject[] } | { url: string } | { file: string };

/** The rules of valid tokens, and the source of the keys that verify them. */
export interface TokenConfig extends ClaimRules {
  /** The algorithms that are accepted. A token's `alg` cannot add to them. */
  algorithms: readonly Algorithm[];
  source: KeySource;
}

/**
 * Returns the rules of valid tokens. The kind of the key decides which algorithms are accepted: a public key must never be used
 * as an HMAC secret.
 */
export function tokenConfig(settings: TokenSettings): TokenConfig {
  const configured = namesIn(settings.JWT_ALGORITHMS);
  return {
    algorithms: possibleAlgorithms(settings).filter((name) => configured.length === 0 || configured.includes(name)),
    source: keySource(settings),
    issuers: namesIn(settings.JWT_ISSUER),
    audiences: namesIn(settings.JWT_AUDIENCE),
    audienceClaim: settings.JWT_AUDIENCE_CLAIM,
    ownerClaim: settings.JWT_OWNER_CLAIM,
    scopeClaims: settings.JWT_SCOPE_CLAIM ?? SCOPE_CLAIMS,
    scopesMayBeNames: settings.JWT_SCOPE_CLAIM !== undefined,
    scopePrefix: settings.JWT_SCOPE_PREFIX.trim(),
    maxLifetimeS: settings.JWT_MAX_LIFETIME_S,
    clockToleranceS: settings.JWT_CLOCK_TOLERANCE_S,
    requireTokenId: settings.JWT_REQUIRE_JTI,
  };
}

function keySource({
  JWT_SECRET: secret,
  JWT_PUBLIC_KEY: pem,
  JWT_JWKS_URL: url,
  JWT_JWKS_FILE: file,
}: TokenSettings): KeySource {
  if (secret !== undefined) return { keys: verifyingSecrets(secret).map((text) => createSecretKey(Buffer.from(text))) };
  const key = publicKey(pem ?? '');
  if (key !== null) return { keys: [key] };
  return url !== undefined ? { url } : { file: file ?? '' };
}

function possibleAlgorithms({ JWT_SECRET, JWT_PUBLIC_KEY }: Readonly<Record<string, unknown>>): readonly Algorithm[] {
  if (typeof JWT_SECRET === 'string' && JWT_SECRET !== '') return ['HS256'];
  const key = typeof JWT_PUBLIC_KEY === 'string' ? publicKey(JWT_PUBLIC_KEY) : null;
  return key === null ? ASYMMETRIC : algorithmsOf(key);
}

/** The claims of scopes that identity providers have by default: RFC 8693; Entra and Okta; Auth0. */
const SCOPE_CLAIMS = ['scope', 'scp', 'permissions'].map(parseClaimName);

function readScopeClaims(text: string): ClaimName[] {
  const names = namesIn(text);
  if (names.length === 0) throw new Error('it names no claim');
  return names.map(parseClaimName);
}

function claimName(initial: string) {
  return z
    .string()
    .default(initial)
    .transform((text, context): ClaimName => {
      try {
        return parseClaimName(text.trim());
      } catch (error) {
        context.addIssue({ code: 'custom', message: `is wrong: ${(error as Error).message}` });
        return z.NEVER;
      }
    })
    .meta({ values: '[name of a claim](identity.md#names-of-claims)' });
}

/** A list of texts. One without any text is refused: a check that an operator configured would be off. */
function textList(values: string) {
  return z
    .string()
    .refine((text) => text === '' || namesIn(text).length > 0, 'must have at least one text')
    .default('')
    .meta({ values });
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function publicKey(pem: string): KeyObject | null {
  try {
    const key = pem.includes('PUBLIC KEY') ? createPublicKey(pem.replaceAll('\\n', '\n')) : null;
    return key && algorithmsOf(key).length > 0 ? key : null;
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
    return parseKeySet(readFileSync(path, 'utf8')).keys.length > 0;
  } catch {
    return false;
  }
}
