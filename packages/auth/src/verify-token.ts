import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { USER_ID } from '@tidings/events';
import type { Algorithm } from './parse-key-set.js';
import { isCanonical, readJsonObject } from './read-json-object.js';

/** Who makes a request. */
export interface Caller {
  owner: string;
  scopes: ReadonlySet<string>;
  /** When the token ends, in Unix milliseconds. */
  expiresAt: number;
  /** The token's `jti`, by which it can be revoked; undefined when it has none. */
  tokenId: string | undefined;
}

/** The key that verifies what has this header, or null. */
export type FindKey = (header: { alg: Algorithm; kid: string | undefined }) => Promise<KeyObject | null>;

export interface TokenRules {
  /** The only algorithms that are accepted, whatever a token says of itself. */
  algorithms: readonly Algorithm[];
  findKey: FindKey;
  issuer?: string | undefined;
  audience?: string | undefined;
  /** How far ahead `exp` may be, in seconds. */
  maxLifetimeS: number;
  /** How far clocks may differ, in seconds. */
  clockToleranceS: number;
  /** Refuses tokens without `jti`, which cannot be revoked. */
  requireTokenId: boolean;
  isRevoked: (tokenId: string) => boolean;
}

const MAX_TOKEN_BYTES = 8192;
const TOKEN_ID = /^[\x21-\x7e]{1,256}$/;
/** RFC 7519, 5.1, and RFC 9068, 2.1. */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

/**
 * The caller whom a token names, or null when it is not valid. jsonwebtoken verifies the signature, `iss`, `aud`, `nbf` and
 * `exp`; what it accepts by itself (measured with 9.0.3) and RFC 8725 warns of is refused here: no `exp`, one in
 * milliseconds, an `iat` to come, a missing `sub`, `crit`, another `typ`, names that occur twice.
 */
export async function verifyToken(token: string, rules: TokenRules): Promise<Caller | null> {
  if (token.length > MAX_TOKEN_BYTES) return null;
  // Four parts are enough to see that it has not three: 8 KB of dots, read as parts, cost 50 ms (measured).
  const [head = '', body = '', signature = '', ...rest] = token.split('.', 4);
  if (rest.length > 0 || !isCanonical(signature)) return null;
  const [header, payload] = [readJsonObject(head), readJsonObject(body)];
  if (!header || !payload) return null;
  const alg = rules.algorithms.find((name) => name === header['alg']);
  if (alg === undefined || !isPlainHeader(header)) return null;

  const kid = header['kid'] as string | undefined;
  const key = await rules.findKey({ alg, kid });
  if (key === null) return null;
  try {
    jwt.verify(token, key, {
      algorithms: [alg],
      clockTolerance: rules.clockToleranceS,
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
      ...(rules.audience === undefined ? {} : { audience: rules.audience }),
    });
  } catch {
    return null;
  }
  return callerOf(payload, rules);
}

/** What would change how a token is to be read: RFC 7515, 4.1.11; RFC 7797; nested, compressed and encrypted tokens. */
const NOT_UNDERSTOOD = ['crit', 'b64', 'cty', 'zip', 'enc'];

/** Keys that a token brings, or says where to find, are never used. */
function isPlainHeader(header: Record<string, unknown>): boolean {
  const { typ, kid } = header;
  if (typ !== undefined && typeof typ !== 'string') return false;
  if (!TYPES.includes(typ?.toLowerCase())) return false;
  return !NOT_UNDERSTOOD.some((name) => name in header) && (kid === undefined || typeof kid === 'string');
}

function callerOf(claims: Record<string, unknown>, rules: TokenRules): Caller | null {
  const { maxLifetimeS, clockToleranceS, requireTokenId, isRevoked } = rules;
  const { sub, exp, iat, scope, jti } = claims;
  const now = Date.now() / 1000;
  if (!isTime(exp) || exp > now + maxLifetimeS + clockToleranceS) return null;
  if (iat !== undefined && (!isTime(iat) || iat > now + clockToleranceS)) return null;
  if (typeof sub !== 'string' || !USER_ID.test(sub)) return null;
  if (scope !== undefined && typeof scope !== 'string') return null;
  if (jti === undefined && requireTokenId) return null;
  if (jti !== undefined && (typeof jti !== 'string' || !TOKEN_ID.test(jti) || isRevoked(jti))) return null;
  return { owner: sub, scopes: new Set(scope?.split(' ') ?? []), expiresAt: exp * 1000, tokenId: jti };
}

/** Unix seconds. RFC 7519 allows fractions; nothing that issues tokens uses them. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
