import type { JsonSchema } from '../../src/contract.js';
import { NAMES } from './arbitrary-schema.js';

/** Returns a whole number from 0 to below `limit`. */
export type Random = (limit: number) => number;

const VALUES: unknown[] = [
  'a',
  'b',
  'ab',
  '',
  'aab',
  'c',
  0,
  1,
  2,
  -1,
  1.5,
  0.5,
  3,
  4,
  null,
  true,
  false,
  [],
  [1],
  [1, 1],
  {},
  { a: 1 },
];
const EXTRA = [...NAMES, 'zz'];

/** Data that follows the schema in most of what it says, so that much of it is valid, and some nearly. */
export function dataOf(root: JsonSchema, seed: number): unknown {
  const random = mulberry32(seed);
  const definitions = (root['$defs'] ?? {}) as JsonSchema;

  const valueOf = (schema: unknown, depth: number): unknown => {
    if (typeof schema !== 'object' || schema === null || depth > 6 || random(25) === 0) return pick(VALUES);
    const merged = merge(schema as JsonSchema);
    if (Array.isArray(merged['enum'])) return pick(merged['enum']);
    if ('const' in merged) return merged['const'];
    switch (pick(typesOf(merged))) {
      case 'object':
        return objectOf(merged, depth);
      case 'array':
        return arrayOf(merged, depth);
      case 'string':
        return textOf(merged);
      case 'number':
      case 'integer':
        return Number(merged['minimum'] ?? merged['exclusiveMinimum'] ?? merged['maximum'] ?? 0) + pick([0, 0, 1, -1, 2, 0.5, 4]);
      case 'boolean':
        return random(2) === 0;
      default:
        return null;
    }
  };

  /** The keywords of the schema and of those that it applies in place, of which the last one counts. */
  const merge = (schema: JsonSchema): JsonSchema => {
    const { $ref, allOf, anyOf, oneOf, ...rest } = schema;
    const target = typeof $ref === 'string' ? definitions[$ref.slice('#/$defs/'.length)] : undefined;
    const alternatives = [anyOf, oneOf].filter(Array.isArray).map((list: unknown[]) => pick(list));
    const parts = [target, ...(Array.isArray(allOf) ? (allOf as unknown[]) : []), ...alternatives];
    return Object.assign(
      {},
      rest,
      ...parts.filter((part) => typeof part === 'object').map((part) => merge(part as JsonSchema)),
    ) as JsonSchema;
  };

  const objectOf = (schema: JsonSchema, depth: number): unknown => {
    const properties = (schema['properties'] ?? {}) as JsonSchema;
    const required = (schema['required'] ?? []) as string[];
    const extra = random(3) === 0 ? [pick(EXTRA)] : [];
    const names = [...Object.keys(properties).filter(() => random(2) === 0), ...required, ...extra];
    return Object.fromEntries(
      names.map((name) => [name, valueOf(properties[name] ?? schema['additionalProperties'], depth + 1)]),
    );
  };

  const arrayOf = (schema: JsonSchema, depth: number): unknown => {
    const first = (schema['prefixItems'] ?? []) as unknown[];
    const length = pick([Number(schema['minItems'] ?? 0), Number(schema['maxItems'] ?? 2), 0, 1, 2]);
    return Array.from({ length }, (_, index) => valueOf(first[index] ?? schema['items'] ?? schema['contains'], depth + 1));
  };

  const textOf = (schema: JsonSchema): string => {
    const length = pick([Number(schema['minLength'] ?? 0), Number(schema['maxLength'] ?? 2), 1, 2]);
    return Array.from({ length }, () => pick(['a', 'a', 'b'])).join('');
  };

  const pick = <Value>(list: readonly Value[]): Value => list[random(list.length)] as Value;

  return objectOf(merge(root), 0);
}

function typesOf(schema: JsonSchema): unknown[] {
  if (schema['type'] !== undefined) return [schema['type']].flat();
  if ('properties' in schema || 'required' in schema) return ['object', 'object', 'string'];
  if ('items' in schema || 'prefixItems' in schema || 'contains' in schema) return ['array', 'array', 'null'];
  return ['null', 'boolean', 'number', 'string', 'array', 'object'];
}

/** The same numbers for the same seed (mulberry32). */
export function mulberry32(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
