import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { checkDefinition } from './check-definition.js';
import { checkVersions } from './check-versions.js';
import type { Definition } from './definition.js';
import { DefinitionsError } from './definitions-error.js';
import { readFolder, readJson } from './read-json.js';
import { readModule } from './read-module.js';
import type { Written } from './written.js';

/**
 * Reads the event types of a module of JavaScript, of a JSON file, or of all JSON files in a folder. A module exports catalogs or
 * definitions, under any name; a file has one definition, a list of them, or `{"types": […]}`, as `tidings types pull` writes. A type
 * may be there in several versions, each of which names its own.
 *
 * Throws a {@link DefinitionsError} with every fault: what is missing or wrong, a name that Tidings reserves, a schema that no event
 * type may have, an example that does not fit.
 *
 * @param path relative to the working folder
 */
export async function readDefinitions(path: string): Promise<Definition[]> {
  const written = await read(resolve(path)).catch((cause: unknown) => {
    throw new DefinitionsError([reasonOf(cause)], { cause });
  });
  const definitions: Definition[] = [];
  const faults: string[] = [];
  for (const { place, value } of written) {
    const checked = checkDefinition(value);
    if ('definition' in checked) definitions.push(checked.definition);
    else faults.push(...checked.faults.map(({ field, message }) => `${place}: ${field === '' ? '' : `${field}: `}${message}`));
  }
  faults.push(...checkVersions(definitions));
  if (faults.length > 0) throw new DefinitionsError(faults);
  if (definitions.length === 0) throw new DefinitionsError([NO_TYPE]);
  return definitions;
}

const NO_TYPE = 'it defines no event type: export results of defineEvent or a catalog of them, or write JSON files';

async function read(path: string): Promise<Written[]> {
  // Reading a missing file names it in the words of its kind.
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return readFolder(path);
  return extname(path) === '.json' ? readJson(path, 'the file') : readModule(path);
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message || error.name : String(error)).replace(/[.]$/, '');
