/** Returns whether a text is a pattern of event types: `*`, an exact type, or a prefix with `.*`. */
export function isPattern(text: string): boolean {
  return /^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?)$/.test(text);
}

/** Returns whether the pattern matches the event type. `sync.*` matches every type below `sync`, not `sync` itself. */
export function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

/** Returns every pattern that matches the event type: `sync.completed` → `*`, `sync.completed`, `sync.*`. */
export function patternsMatching(type: string): string[] {
  const parts = type.split('.');
  const prefixes = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return ['*', type, ...prefixes];
}
