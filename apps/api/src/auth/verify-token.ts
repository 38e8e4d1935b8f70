import jwt from 'jsonwebtoken';
import { USER_ID } from '@tidings/events';

/** Who makes a request. */
export interface Caller {
  userId: string;
  scopes: ReadonlySet<string>;
  /** When the token ends, in Unix milliseconds. */
  expiresAt: number;
}

export interface TokenRules {
  /** An HMAC secret, or a public key in PEM. */
  key: string;
  /** The only algorithms that are accepted, whatever a token says of itself. */
  algorithms: ('HS256' | 'RS256' | 'ES256')[];
  issuer?: string | undefined;
  audience?: string | undefined;
}

const MAX_TOKEN_BYTES = 8192;

/**
 * The caller whom a token names, or null when it is not valid. `exp` and a `sub` that may be a user's id are required;
 * jsonwebtoken by itself accepts tokens without either (measured with 9.0.3).
 */
export function verifyToken(token: string, { key, algorithms, issuer, audience }: TokenRules): Caller | null {
  if (token.length > MAX_TOKEN_BYTES) return null;
  let claims: jwt.JwtPayload | string;
  try {
    claims = jwt.verify(token, key, {
      algorithms,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    });
  } catch {
    return null;
  }
  if (typeof claims === 'string') return null;
  const { sub, exp } = claims;
  const scope: unknown = claims['scope'];
  if (typeof sub !== 'string' || !USER_ID.test(sub) || typeof exp !== 'number') return null;
  return { userId: sub, expiresAt: exp * 1000, scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []) };
}
