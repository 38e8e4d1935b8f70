import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { parseClaimName, withClaim } from './claim-names.js';
import { secretsIn } from './secrets.js';

/** The content of a token that this installation signs itself. */
export interface TokenContent {
  /** The id of the owner. */
  owner: string;
  /** The scopes, separated by spaces, such as `events:publish`. Default: none. */
  scope?: string | undefined;
  /** How long the token is valid, in seconds. */
  expiresInS: number;
}

/**
 * Signs a token with HS256, as the settings of an API want it: with the newest secret of JWT_SECRET, the first of JWT_ISSUER and
 * JWT_AUDIENCE, and claims of the configured names. It has a random `jti`, by which it can be revoked, and a `sub` whatever claim
 * names the owner. For development, and for installations that have no identity provider.
 *
 * @param env the settings; JWT_SECRET must be set
 */
export function signToken(env: NodeJS.ProcessEnv, { owner, scope, expiresInS }: TokenContent): string {
  const first = (name: string): string | undefined => env[name]?.split(',')[0]?.trim() || undefined;
  const named = (name: string, initial: string) => parseClaimName(first(name) ?? initial);
  const issuer = first('JWT_ISSUER');
  const audience = first('JWT_AUDIENCE');
  let claims: Record<string, unknown> = { sub: owner };
  claims = withClaim(claims, named('JWT_OWNER_CLAIM', 'sub'), owner);
  if (scope !== undefined) {
    // A list and not text: a claim inside others, such as Keycloak's roles, is a list.
    const name = named('JWT_SCOPE_CLAIM', 'scope');
    const prefix = first('JWT_SCOPE_PREFIX') ?? '';
    const scopes = scope
      .split(' ')
      .filter((one) => one !== '')
      .map((one) => prefix + one);
    claims = withClaim(claims, name, name.text === 'scope' ? scopes.join(' ') : scopes);
  }
  if (audience !== undefined) claims = withClaim(claims, named('JWT_AUDIENCE_CLAIM', 'aud'), audience);
  return jwt.sign(claims, secretsIn(env['JWT_SECRET'] ?? '')[0], {
    algorithm: 'HS256',
    expiresIn: expiresInS,
    jwtid: randomUUID(),
    ...(issuer === undefined ? {} : { issuer }),
  });
}
