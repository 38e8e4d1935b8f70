import { DefinitionsError, readDefinitions, shippedDefinitions, type Definition } from '@tidings/event-types/definitions';
import { ConfigError } from './config-error.js';

/**
 * Reads the event types that an installation defines by files: those of a module, of a JSON file or of a folder of JSON files, as
 * `readDefinitions` takes them. Without a path: the types that a new installation has. Throws a {@link ConfigError} with every fault.
 *
 * @param path the setting EVENT_TYPES, relative to the working folder
 */
export async function readEventTypes(path: string | undefined): Promise<Definition[]> {
  if (path === undefined) return shippedDefinitions();
  return readDefinitions(path).catch((error: unknown) => {
    if (!(error instanceof DefinitionsError)) throw error;
    throw new ConfigError(error.faults.map((fault) => `EVENT_TYPES ${path} cannot be used: ${fault}`));
  });
}
