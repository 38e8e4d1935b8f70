/** Returns whether a pattern (`invoice.paid`, `invoice.*` or `*`) matches the type. An empty list matches every type. */
export function matchesPatterns(patterns: readonly string[], type: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some(
    (pattern) => pattern === type || pattern === '*' || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );
}
