/** Returns whether a text is a pattern of event types: `*`, an exact type, a prefix with `.*`, or a version of a type, `sync.completed@2`. */
export function isPattern(text: string): boolean {
  return /^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*|@[1-9][0-9]{0,8})?)$/.test(text);
}

/** The version of an event, as far as patterns tell versions apart. */
export interface EventVersion {
  version: number;
  /** Whether it was above the default version of its type when the event was accepted: then only patterns that name it match. */
  isPreview: boolean;
}

const FIRST: EventVersion = { version: 1, isPreview: false };

/** Returns whether the pattern matches events of the type. `sync.*` matches every type below `sync`, not `sync` itself. */
export function matches(pattern: string, type: string, { version, isPreview }: EventVersion = FIRST): boolean {
  if (pattern.includes('@')) return pattern === `${type}@${String(version)}`;
  if (isPreview) return false;
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

/** Returns every pattern without a version that matches the event type: `sync.completed` → `*`, `sync.completed`, `sync.*`. */
export function patternsMatching(type: string): string[] {
  const parts = type.split('.');
  const prefixes = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
  return ['*', type, ...prefixes];
}
