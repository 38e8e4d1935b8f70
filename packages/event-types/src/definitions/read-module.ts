import { pathToFileURL } from 'node:url';
import type { EventDefinition } from '@tidings/events';
import { definitionOfEvent } from './definition-of-event.js';
import { isObject, type Written } from './written.js';

/** Reads the definitions that a module of JavaScript exports, under any name: results of `defineEvent`, lists and catalogs of them. */
export async function readModule(path: string): Promise<Written[]> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const exportOf = new Map<EventDefinition, string>();
  for (const [name, value] of Object.entries(module)) {
    // A module may export a definition, and a catalog that has it.
    for (const event of eventsOf(value)) exportOf.set(event, name);
  }
  return [...exportOf].map(([event, name]) => ({ place: `the export ${name}`, value: definitionOfEvent(event) }));
}

function eventsOf(exported: unknown): readonly EventDefinition[] {
  if (Array.isArray(exported)) return exported.flatMap(eventsOf);
  if (isEvent(exported)) return [exported];
  return isObject(exported) && 'definitions' in exported ? eventsOf(exported['definitions']) : [];
}

function isEvent(value: unknown): value is EventDefinition {
  return typeof value === 'function' && 'type' in value && 'audience' in value && 'schema' in value;
}
