/**
 * Returns whether a token with these scopes may publish events of a type: `events:publish` allows all types, and with a pattern
 * behind it (`events:publish:sync.*`) those that match.
 */
export function mayPublish(scopes: ReadonlySet<string>, type: string): boolean {
  const parts = type.split('.');
  const prefixes = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return scopes.has('events:publish') || ['*', type, ...prefixes].some((pattern) => scopes.has(`events:publish:${pattern}`));
}
