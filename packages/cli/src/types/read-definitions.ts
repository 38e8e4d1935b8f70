import { resolve } from 'node:path';
import { DefinitionsError, readDefinitions as read, type Definition } from '@tidings/event-types/definitions';
import { usageError } from '../failure.js';
import type { Io } from '../io.js';

/** What the argument `path` of a command names. */
export const PATH = 'a module that exports definitions or a catalog, a JSON file, or a folder of JSON files';

/** Reads the event types that the argument `path` of a command names. Throws a `Failure` that lists every fault. */
export async function readDefinitions(path: string, { folder }: Pick<Io, 'folder'>): Promise<Definition[]> {
  return read(resolve(folder, path)).catch((error: unknown) => {
    if (!(error instanceof DefinitionsError)) throw error;
    const { faults } = error;
    const [first] = faults;
    throw usageError(
      faults.length === 1 ? `${path} cannot be used: ${String(first)}.` : [`${path} cannot be used:`, ...faults].join('\n  '),
    );
  });
}
