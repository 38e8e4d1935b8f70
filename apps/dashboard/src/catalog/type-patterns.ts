import type { EventType } from './event-types-api.js';

/**
 * Returns the patterns to choose from: each area, such as `invoice.*`, followed by its types. With versions, each version of a type
 * that has several follows the type: `invoice.paid@2`.
 */
export function typePatterns(
  types: readonly Pick<EventType, 'type' | 'versions'>[],
  { withVersions }: { withVersions: boolean },
): string[] {
  const areas = new Map<string, string[]>();
  for (const { type, versions } of types) {
    const area = `${type.split('.')[0] ?? type}.*`;
    const exact = withVersions && versions.length > 1 ? versions.map((version) => `${type}@${String(version)}`) : [];
    areas.set(area, [...(areas.get(area) ?? []), type, ...exact]);
  }
  return [...areas].flatMap(([area, patterns]) => [area, ...patterns]);
}

/** Returns the text to search the catalog for, from the beginning of a pattern that the user types. */
export function searchOfPattern(text: string): string {
  return text.trim().replace(/(@[0-9]*|\.\*?)$/, '');
}
