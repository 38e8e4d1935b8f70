/** Who a token says one is. Only the API can tell whether it is true. */
export interface Session {
  token: string;
  userId: string;
  scopes: ReadonlySet<string>;
  /** Unix milliseconds. */
  expiresAt: number;
}

/** A text that cannot be a token of the API's. Its message is for whoever pasted it. */
export class UnreadableToken extends Error {}

/**
 * Reads a token as somebody pastes it: alone, or with the `Authorization: Bearer` that stood before it.
 *
 * @param now Unix milliseconds
 * @throws {UnreadableToken} it is no JWT, names nobody, or has ended
 */
export function readToken(text: string, now: number): Session {
  const token = text
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/^authorization:\s*/i, '')
    .replace(/^bearer\s+/i, '');
  if (token === '') throw new UnreadableToken('Paste a token.');
  const claims = claimsOf(token);
  if (claims === null) throw new UnreadableToken('This is not a token: a JWT has three parts with dots between them.');
  const { sub, exp, scope } = claims;
  if (typeof sub !== 'string' || sub === '') throw new UnreadableToken('This token names no user: it has no "sub".');
  if (typeof exp !== 'number') throw new UnreadableToken('This token never ends: the API takes only tokens with "exp".');
  if (exp * 1000 <= now) throw new UnreadableToken('This token has expired. Get a new one.');
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];
  return { token, userId: sub, scopes: new Set(scopes), expiresAt: exp * 1000 };
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
