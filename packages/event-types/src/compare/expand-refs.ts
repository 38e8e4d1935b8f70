import type { JsonSchema } from '../contract.js';
import { limitsOf } from './annotations.js';
import { fromEntries, isObject, isSchema, mapSubschemas, type Schema } from './subschemas.js';

/** Ten times what a schema may have, so that only schemas that were never checked reach it. */
const MAX_SUBSCHEMAS = 10_000;
const MAX_DEPTH = 500;
/** Keywords that change what a `$ref` means, or name its target in another way than by a path from the root. */
const UNSUPPORTED = ['$anchor', '$dynamicAnchor', '$dynamicRef', '$recursiveAnchor', '$recursiveRef'];

class CannotExpandError extends Error {}

/**
 * Replaces every local `$ref` by the schema that it names. A reference with limits beside it becomes an `allOf` of both.
 * Undefined when that is impossible: the target is remote, missing or recursive, or the schema has other kinds of references.
 */
export function expandRefs(root: JsonSchema): Schema | undefined {
  let subschemas = 0;

  const expand = (schema: Schema, open: readonly string[], depth: number): Schema => {
    subschemas += 1;
    if (subschemas > MAX_SUBSCHEMAS || depth > MAX_DEPTH) throw new CannotExpandError();
    if (typeof schema === 'boolean') return schema;
    if (UNSUPPORTED.some((keyword) => Object.hasOwn(schema, keyword))) throw new CannotExpandError();
    if (schema !== root && Object.hasOwn(schema, '$id')) throw new CannotExpandError();
    const { $ref, ...rest } = fromEntries(mapSubschemas(schema, (part) => expand(part, open, depth + 1)));
    if (!Object.hasOwn(schema, '$ref')) return rest;

    if (typeof $ref !== 'string' || open.includes($ref)) throw new CannotExpandError();
    const target = expand(targetOf($ref, root), [...open, $ref], depth + 1);
    if (limitsOf(rest).length > 0) return { ...rest, allOf: [...listOf(rest['allOf']), target] };
    return typeof target === 'boolean' ? target : { ...target, ...rest };
  };

  try {
    return expand(root, ['#'], 0);
  } catch (error) {
    if (error instanceof CannotExpandError) return undefined;
    throw error;
  }
}

/** The schema at a JSON Pointer (RFC 6901) in a URI fragment: `#/$defs/price`. */
function targetOf(ref: string, root: JsonSchema): Schema {
  if (ref !== '#' && !ref.startsWith('#/')) throw new CannotExpandError();
  let target: unknown = root;
  for (const token of decoded(ref).split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!(isObject(target) || Array.isArray(target)) || !Object.hasOwn(target, name)) throw new CannotExpandError();
    target = (target as JsonSchema)[name];
  }
  if (!isSchema(target)) throw new CannotExpandError();
  return target;
}

function decoded(ref: string): string {
  try {
    return decodeURIComponent(ref);
  } catch {
    throw new CannotExpandError();
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
