/** Where a claim is in a token. */
export interface ClaimName {
  /** As the setting has it, for messages. */
  text: string;
  /** The names from the outermost object to the claim. */
  path: readonly string[];
}

/**
 * Parses the name of a claim. It is one name, whatever characters it has: `https://example.com/roles` is a name. With a `/` at
 * its beginning it is a JSON Pointer (RFC 6901) to a claim inside other ones: `/realm_access/roles`. Throws for an empty name.
 */
export function parseClaimName(text: string): ClaimName {
  const path = text.startsWith('/')
    ? text
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [text];
  if (path.includes('')) throw new Error('a name of a claim is empty');
  return { text, path };
}

/** Returns the value of a claim; undefined when it is absent. Names that every object inherits do not count. */
export function readClaim(claims: Record<string, unknown>, { path }: ClaimName): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    claims,
  );
}

/** Returns the claims with one more claim, inside objects as its name says. */
export function withClaim(claims: Record<string, unknown>, { path }: ClaimName, value: unknown): Record<string, unknown> {
  const [name = '', ...inner] = path;
  if (inner.length === 0) return { ...claims, [name]: value };
  const outer = claims[name];
  const object = typeof outer === 'object' && outer !== null ? (outer as Record<string, unknown>) : {};
  return { ...claims, [name]: withClaim(object, { text: '', path: inner }, value) };
}
