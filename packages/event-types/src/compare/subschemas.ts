import type { JsonSchema } from '../contract.js';

/** A schema or a part of one: `true` allows every value, `false` none. */
export type Schema = JsonSchema | boolean;

const ONE = new Set([
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);
const LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const BY_NAME = new Set(['dependentSchemas', 'patternProperties', 'properties']);

/** Whether the value can be a schema. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isObject(value);
}

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of the schema, each schema in them replaced by what `change` makes of it. Other values, such as those of `enum`, stay. */
export function mapSubschemas(schema: JsonSchema, change: (schema: Schema) => unknown): [string, unknown][] {
  const changed = (value: unknown): unknown => (isSchema(value) ? change(value) : value);
  return Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (ONE.has(keyword)) return [keyword, changed(value)];
    if (LIST.has(keyword) && Array.isArray(value)) return [keyword, value.map(changed)];
    if (BY_NAME.has(keyword) && isObject(value)) {
      return [keyword, fromEntries(Object.entries(value).map(([name, part]) => [name, changed(part)]))];
    }
    return [keyword, value];
  });
}

/** The schemas that the schema holds, without those within them. */
export function subschemasOf(schema: JsonSchema): Schema[] {
  const found: Schema[] = [];
  mapSubschemas(schema, (part) => found.push(part));
  return found;
}

/** As `Object.fromEntries`, but a field named `__proto__` is a field like every other. */
export function fromEntries(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of entries) object[name] = value;
  return object;
}
