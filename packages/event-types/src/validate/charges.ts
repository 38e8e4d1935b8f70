import type { JsonSchema } from '../contract.js';
import { isObject } from '../schema/vocabulary.js';
import { subschemasOf } from '../schema/walk-schema.js';

/** What one schema costs, in checks. It is known before a validation, which spends it as it comes to a value. */
export interface Charge {
  /** For each value: the schemas that apply to the same value, and the fields that are looked for. */
  visit: number;
  /** For each item of a list. */
  item: number;
  /** For each member of an object. */
  member: number;
}

/** What it costs to describe the error of a schema that a `$ref` refers to, in a union that needs none. */
const CALL = 6;

/** The keyword of a charge in a schema that is compiled. */
export const CHARGE = 'x-charge';

/**
 * Adds to each schema what it costs. Every way to multiply work is in it: schemas of the same value (`anyOf`, `$ref`, …), and
 * items and members, which are visited once for each schema that has a rule for them.
 */
export function addCharges(root: JsonSchema): JsonSchema {
  const definitions = root['$defs'] as Record<string, unknown>;
  const sizes = new Map<unknown, number>();
  /** The number of schemas that apply to a value when a schema does. */
  const sizeOf = (schema: unknown): number => {
    if (!isObject(schema)) return 1;
    const known = sizes.get(schema);
    if (known !== undefined) return known;
    let size = 1 + ownOf(schema);
    if (typeof schema['$ref'] === 'string') size += CALL + sizeOf(definitions[schema['$ref'].slice('#/$defs/'.length)]);
    for (const inner of subschemasOf(schema)) if (inner.position === 'same') size += sizeOf(inner.schema);
    sizes.set(schema, size);
    return size;
  };
  const chargeOf = (schema: Readonly<Record<string, unknown>>): Charge => {
    const has = (keyword: string) => (schema[keyword] === undefined ? 0 : 1);
    const countIn = (keyword: string) => Object.keys(isObject(schema[keyword]) ? schema[keyword] : {}).length;
    const askedSize = (keyword: string) => (has(keyword) ? sizeOf(schema[keyword]) : 0);
    return {
      visit: sizeOf(schema) - 1,
      item: has('items') + 3 * askedSize('contains') + 2 * has('unevaluatedItems'),
      member:
        has('additionalProperties') * (1 + countIn('properties') / 16) +
        2 * countIn('patternProperties') +
        askedSize('propertyNames') +
        4 * has('unevaluatedProperties'),
    };
  };
  const convert = (schema: unknown): unknown => {
    if (!isObject(schema)) return schema;
    const result: Record<string, unknown> = { ...schema };
    for (const { path, schema: inner } of subschemasOf(schema)) {
      const [keyword, name] = path as [string, string | number | undefined];
      if (name === undefined) result[keyword] = convert(inner);
      else {
        const holder = schema[keyword];
        if (result[keyword] === holder)
          result[keyword] = Array.isArray(holder) ? [...(holder as unknown[])] : { ...(holder as object) };
        (result[keyword] as Record<string | number, unknown>)[name] = convert(inner);
      }
    }
    const charge = chargeOf(schema);
    if (charge.visit + charge.item + charge.member > 0) result[CHARGE] = charge;
    return result;
  };
  return convert(root) as JsonSchema;
}

/** Keywords that are functions, which are called: others are an expression in the code. */
const FUNCTIONS = ['enum', 'format', 'minLength', 'maxLength', 'pattern', 'uniqueItems'];

function ownOf(schema: Readonly<Record<string, unknown>>): number {
  const fields = Object.keys(isObject(schema['properties']) ? schema['properties'] : {}).length;
  const required = Array.isArray(schema['required']) ? schema['required'].length : 0;
  const dependent = JSON.stringify(schema['dependentRequired'] ?? '').length / 4;
  const functions = FUNCTIONS.filter((keyword) => schema[keyword] !== undefined).length;
  return fields / 2 + required / 4 + Math.floor(dependent) + 4 * functions;
}
