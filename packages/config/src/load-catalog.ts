import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalog as shipped, createCatalog, systemEvents, type Catalog, type EventDefinition } from '@tidings/events';
import { ConfigError } from './config-error.js';

/** The types that only Tidings publishes begin with these. */
const RESERVED = ['webhook.', 'delivery.', 'stream.'];

/**
 * Loads the event types of an installation: those that a module exports, as results of `defineEvent` or catalogs of them, under any
 * name. Without a module: the types that a new installation has. Throws a {@link ConfigError} that says what is wrong with the module.
 *
 * @param path the setting EVENT_TYPES, relative to the working folder
 */
export async function loadCatalog(path: string | undefined): Promise<Catalog> {
  if (path === undefined) return shipped;
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
    // A module may export a definition, and a catalog that has it.
    const definitions = [...new Set(Object.values(module).flatMap(definitionsOf))];
    if (definitions.length === 0)
      throw new Error('it exports no event type: export results of defineEvent, or a catalog of them');
    const reserved = definitions.filter(({ type }) => RESERVED.some((prefix) => type.startsWith(prefix)));
    if (reserved.length > 0) {
      throw new Error(
        `${reserved.map(({ type }) => type).join(', ')}: types that begin with ${RESERVED.join(', ')} are published by Tidings itself`,
      );
    }
    return createCatalog(definitions, systemEvents);
  } catch (error) {
    throw new ConfigError([`EVENT_TYPES ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function definitionsOf(exported: unknown): readonly EventDefinition[] {
  if (Array.isArray(exported)) return exported.flatMap(definitionsOf);
  if (typeof exported === 'function' && 'type' in exported && 'audience' in exported) return [exported as EventDefinition];
  const isCatalog = typeof exported === 'object' && exported !== null && 'definitions' in exported;
  return isCatalog ? definitionsOf(exported.definitions) : [];
}
