import type { FieldError } from '@tidings/events';
import type { Contract } from '../contract.js';
import { MAX_SCHEMA_BYTES, MAX_SCHEMA_LEVELS, MAX_SUBSCHEMAS } from './bounds.js';
import { checkKeywords } from './check-keywords.js';
import { checkOwnerField } from './check-owner-field.js';
import { checkPatterns } from './check-patterns.js';
import { checkReferences, type Node } from './check-references.js';
import { startFaults, type Faults, type Place } from './faults.js';
import { isObject } from './vocabulary.js';
import { subschemasOf } from './walk-schema.js';

/**
 * Checks the JSON Schema of an event type's data. Returns up to 100 faults, each with its place (`schema.properties.price.pattern`);
 * none: `compileContract` takes the schema. Never throws, whatever JSON value the schema is.
 *
 * A schema is draft 2020-12, its keywords all known (but for those that begin with `x-`), has `"type": "object"` at the top, at most
 * 64 KiB, and 1,000 subschemas once each `$ref`, which must be local and not recursive, is followed. Patterns are RE2 syntax.
 *
 * @param contract who may see the events: the field that names the owner must be a required string
 */
export function checkSchema(schema: unknown, contract: Pick<Contract, 'audience' | 'ownerField'>): FieldError[] {
  const faults = startFaults();
  if (!isObject(schema)) {
    faults.add([], 'must be an object, a JSON Schema of draft 2020-12');
    return [...faults.list];
  }
  if (!isBounded(schema, faults)) return [...faults.list];
  if (schema['type'] !== 'object') faults.add(['type'], 'must be "object", as the data of an event is one');

  const nodes = nodesOf(schema, faults);
  if (nodes === undefined) return [...faults.list];
  checkReferences(nodes, faults);
  checkPatterns(nodes, faults);
  checkOwnerField(contract, nodes, faults);
  return [...faults.list];
}

/** Whether a schema is small enough to be looked at: its depth first, as writing a deep one as JSON takes a deep stack. */
function isBounded(schema: Readonly<Record<string, unknown>>, faults: Faults): boolean {
  if (isDeeperThan(schema, MAX_SCHEMA_LEVELS)) {
    faults.add([], `is nested more than ${String(MAX_SCHEMA_LEVELS)} levels deep`);
    return false;
  }
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > MAX_SCHEMA_BYTES) {
    faults.add([], `is ${String(bytes)} bytes of JSON, over the limit of ${String(MAX_SCHEMA_BYTES)}`);
    return false;
  }
  return true;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** Lists all subschemas, the schema itself first, and checks their keywords. Undefined: they are too many. */
function nodesOf(root: unknown, faults: Faults): Node[] | undefined {
  const nodes: Node[] = [];
  const visit = (schema: unknown, place: Place): boolean => {
    if (nodes.length === MAX_SUBSCHEMAS) return false;
    nodes.push({ place, schema });
    if (typeof schema === 'boolean') return true;
    if (!isObject(schema)) {
      faults.add(place, 'must be a schema: an object, true or false');
      return true;
    }
    checkKeywords(schema, place, faults);
    return subschemasOf(schema).every((inner) => visit(inner.schema, [...place, ...inner.path]));
  };
  if (visit(root, [])) return nodes;
  faults.add([], `has more than ${MAX_SUBSCHEMAS.toLocaleString('en')} subschemas, the limit`);
  return undefined;
}
