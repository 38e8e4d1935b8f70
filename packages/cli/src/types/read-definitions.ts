import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkSchema, compileContract } from '@tidings/event-types';
import {
  describeEventType,
  parseInWords,
  toFieldErrors,
  type Catalog,
  type EventDefinition,
  type FieldError,
} from '@tidings/events';
import { reasonOf, usageError } from '../failure.js';
import { contractOf, definitionJson, type Definition } from './definition.js';

/** A value with the place where it is written, for messages. */
interface Written {
  place: string;
  value: unknown;
}

/**
 * Reads the event types of a module of JavaScript, of a JSON file, or of all JSON files in a folder. A module exports catalogs or
 * definitions, under any name; a file has one definition, a list of them, or `{"types": […]}`, as `tidings types pull` writes.
 *
 * Throws a `Failure` with every fault: what is missing or wrong, a schema that no event type may have, an example that does not fit.
 */
export async function readDefinitions(path: string): Promise<Definition[]> {
  const written = await read(path).catch((error: unknown) => {
    throw usageError(`${path} cannot be read: ${reasonOf(error)}.`);
  });
  const definitions: Definition[] = [];
  const faults: string[] = [];
  for (const { place, value } of written) {
    const checked = check(value);
    if ('definition' in checked) definitions.push(checked.definition);
    else faults.push(...checked.faults.map(({ field, message }) => `${place}: ${field}: ${message}`));
  }
  const types = definitions.map(({ type }) => type);
  faults.push(...types.filter((type, index) => types.indexOf(type) < index).map((type) => `${type} is defined twice`));
  if (faults.length > 0) throw usageError([`${path} has wrong definitions.`, ...faults.map((fault) => `  ${fault}`)].join('\n'));
  if (definitions.length === 0)
    throw usageError(`${path} defines no event type. Export a catalog, or the results of defineEvent.`);
  return definitions;
}

async function read(path: string): Promise<Written[]> {
  if ((await stat(path)).isDirectory()) {
    const names = (await readdir(path)).filter((name) => extname(name) === '.json').sort();
    return (await Promise.all(names.map((name) => readJson(join(path, name), name)))).flat();
  }
  return extname(path) === '.json' ? readJson(path, 'the file') : readModule(path);
}

async function readJson(path: string, name: string): Promise<Written[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw error instanceof SyntaxError ? new Error(`${path} is not JSON: ${error.message}`, { cause: error }) : error;
  }
  const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value['types']) ? value['types'] : undefined;
  return (
    list?.map((one: unknown, index) => ({ place: `${name}, types[${String(index)}]`, value: one })) ?? [{ place: name, value }]
  );
}

async function readModule(path: string): Promise<Written[]> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const described = new Map<string, Written>();
  for (const [name, value] of Object.entries(module)) {
    const descriptions = isCatalog(value) ? value.describe() : isDefinition(value) ? [describeEventType(value)] : [];
    for (const { ownerField, example, ...description } of descriptions) {
      // A module may export a definition, and a catalog that has it.
      const place = `the export ${name}`;
      described.set(description.type, { place, value: { ...description, owner_field: ownerField, examples: [example] } });
    }
  }
  return [...described.values()];
}

function check(value: unknown): { definition: Definition } | { faults: readonly FieldError[] } {
  const parsed = parseInWords(definitionJson, value);
  if (!parsed.success) return { faults: toFieldErrors(parsed.error) };
  const definition = parsed.data;
  const contract = contractOf(definition);
  const faults = checkSchema(definition.schema, contract);
  if (faults.length > 0) return { faults };
  const { validate } = compileContract(contract);
  const wrong = definition.examples.flatMap((example, index) =>
    validate(example).map(({ field, message }) => ({ field: field.replace('data', `examples[${String(index)}]`), message })),
  );
  return wrong.length > 0 ? { faults: wrong } : { definition };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function isCatalog(value: unknown): value is Catalog {
  return isObject(value) && typeof value['describe'] === 'function' && Array.isArray(value['types']);
}

function isDefinition(value: unknown): value is EventDefinition {
  return typeof value === 'function' && 'type' in value && 'audience' in value && 'schema' in value;
}
