/** The claims of a token. The page does not verify the signature; only the API does. */
export interface Session {
  token: string;
  /** The claim `sub`: the signed-in user, and the owner of the user's webhooks. */
  subject: string;
  scopes: ReadonlySet<string>;
  /** Unix milliseconds. */
  expiresAt: number;
}

/** A text that is not a valid token. Its message is shown to the user. */
export class InvalidTokenError extends Error {}

/**
 * Reads a pasted token, with or without quotes and a leading `Authorization: Bearer`.
 *
 * @param now Unix milliseconds
 * @throws {InvalidTokenError} the text is no JWT, has no `sub` or `exp`, or has expired
 */
export function readToken(text: string, now: number): Session {
  const token = text
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/^authorization:\s*/i, '')
    .replace(/^bearer\s+/i, '');
  if (token === '') throw new InvalidTokenError('Paste a token.');
  const claims = claimsOf(token);
  if (claims === null) throw new InvalidTokenError('This is not a token. A JWT has three parts separated by dots.');
  const { sub, exp, scope } = claims;
  if (typeof sub !== 'string' || sub === '') throw new InvalidTokenError('This token has no "sub" claim, which names the owner.');
  if (typeof exp !== 'number')
    throw new InvalidTokenError('This token has no "exp" claim. The API accepts only tokens that expire.');
  if (exp * 1000 <= now) throw new InvalidTokenError('This token has expired. Get a new one.');
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];
  return { token, subject: sub, scopes: new Set(scopes), expiresAt: exp * 1000 };
}

function claimsOf(token: string): Record<string, unknown> | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    const bytes = atob((parts[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'));
    const json = new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
    const claims = JSON.parse(json) as unknown;
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
