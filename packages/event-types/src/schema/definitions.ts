import type { JsonSchema } from '../contract.js';
import { isObject } from './vocabulary.js';
import { pointerOf, subschemasOf, toPointer } from './walk-schema.js';

/** Returns the reference to a definition: `#/$defs/name`. */
export type ReferTo = (name: string) => string;

/** A schema that was written anew, and the definitions that its references name. */
export interface WrittenSchema {
  schema: JsonSchema;
  /** By a name of letters, digits and `_`; no two are the same when upper and lower case count as one. */
  definitions: Readonly<Record<string, unknown>>;
}

const MAX_NAME_LENGTH = 60;

/**
 * Collects the definitions of a schema that is written anew. A part that references name becomes one definition for each `mode` in
 * which it is used, whatever its place was.
 *
 * @param write writes a part in a mode
 */
export function createDefinitions<Mode extends string>(
  schema: JsonSchema,
  write: (part: unknown, mode: Mode) => unknown,
  referTo: ReferTo = (name) => `#/$defs/${name}`,
) {
  const byPointer = new Map<string, unknown>();
  const index = (part: unknown, path: readonly (string | number)[]): void => {
    byPointer.set(toPointer(path), part);
    for (const inner of isObject(part) ? subschemasOf(part) : []) index(inner.schema, [...path, ...inner.path]);
  };
  index(schema, []);
  const resolve = (reference: string): unknown => byPointer.get(pointerOf(reference) ?? '');

  const definitions: Record<string, unknown> = {};
  const nameByUse = new Map<string, string>();
  const taken = new Set<string>();
  const nameOf = (pointer: string): string => {
    const last = pointer.slice(pointer.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9]+/g, '_');
    const wanted = last.slice(0, MAX_NAME_LENGTH);
    let name = wanted;
    for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${wanted}_${String(count)}`;
    taken.add(name.toLowerCase());
    return name;
  };

  /** Returns the reference to the part that `reference` names, written in the mode. */
  const refer = (reference: string, mode: Mode): string => {
    const pointer = pointerOf(reference) ?? '';
    const use = `${mode} ${pointer}`;
    let name = nameByUse.get(use);
    if (name === undefined) {
      name = nameOf(pointer);
      nameByUse.set(use, name);
      definitions[name] = write(resolve(reference), mode);
    }
    return referTo(name);
  };

  return { resolve, refer, definitions: definitions as Readonly<Record<string, unknown>> };
}
