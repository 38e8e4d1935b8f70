import { matchesPatterns } from '../stream/matches-patterns.js';

const PUBLISH = 'events:publish';

/**
 * Returns whether a token with these scopes may publish events of a type: `events:publish` allows all types, and with a pattern
 * behind it (`events:publish:invoice.*`) those that match.
 */
export function mayPublish(scopes: ReadonlySet<string>, type: string): boolean {
  const patterns = [...scopes].filter((scope) => scope.startsWith(`${PUBLISH}:`)).map((scope) => scope.slice(PUBLISH.length + 1));
  return scopes.has(PUBLISH) || (patterns.length > 0 && matchesPatterns(patterns, type));
}
