import type { EventType } from '../api/api.js';

/** Returns the event type patterns to choose from: each area, such as `sync.*`, followed by its types. */
export function typePatterns(catalog: readonly EventType[]): string[] {
  const areas = new Map<string, string[]>();
  for (const { type } of catalog) {
    const area = `${type.split('.')[0] ?? type}.*`;
    areas.set(area, [...(areas.get(area) ?? []), type]);
  }
  return [...areas].flatMap(([area, types]) => [area, ...types]);
}
