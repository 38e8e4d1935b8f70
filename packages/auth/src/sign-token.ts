import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';

/** The claims of a development token. */
export interface TokenClaims {
  /** The id of the owner. */
  sub: string;
  /** The scopes, separated by spaces, such as `events:publish`. Default: none. */
  scope?: string | undefined;
  /** Default: no `iss`. */
  issuer?: string | undefined;
  /** Default: no `aud`. */
  audience?: string | undefined;
  /** How long the token is valid, in seconds. */
  expiresInS: number;
}

/**
 * Signs a development token with HS256. It has a random `jti`, by which it can be revoked. In production, tokens come from an
 * identity provider.
 */
export function signToken(secret: string, { sub, scope, issuer, audience, expiresInS }: TokenClaims): string {
  return jwt.sign(scope === undefined ? {} : { scope }, secret, {
    algorithm: 'HS256',
    subject: sub,
    expiresIn: expiresInS,
    jwtid: randomUUID(),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  });
}
