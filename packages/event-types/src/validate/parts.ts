import { isObject } from '../schema/vocabulary.js';
import { subschemasOf } from '../schema/walk-schema.js';

/** Returns the schema that a `$ref` refers to. */
export type Resolve = (reference: string) => unknown;
type Schema = Readonly<Record<string, unknown>>;

/** The key of a list's items among the children that parts describe; a field's key is `.` and its name. */
export const ITEMS = '[]';

const NAMES_FIELDS = ['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'];
const OF_OBJECTS = [
  ...NAMES_FIELDS,
  ...['propertyNames', 'required', 'minProperties', 'maxProperties', 'dependentRequired', 'dependentSchemas'],
];

/** Lists all schemas that describe the same value as a schema: itself, what its `$ref` means, the members of its `allOf`, … */
export function parts(schema: unknown, resolve: Resolve): Schema[] {
  if (!isObject(schema)) return [];
  return [schema, ...inPlace(schema, resolve).flatMap(({ schema: inner }) => parts(inner, resolve))];
}

/** Whether a schema or a part of it says what fields an object may have. */
export function namesFields(schema: Schema): boolean {
  return NAMES_FIELDS.some((keyword) => schema[keyword] !== undefined);
}

/** Whether a schema speaks of objects: the others allow any value, or none that has fields. */
export function speaksOfObjects(schema: unknown, resolve: Resolve): boolean {
  return parts(schema, resolve).some(
    (part) =>
      part['type'] === 'object' || listOf(part['type']).includes('object') || OF_OBJECTS.some((name) => part[name] !== undefined),
  );
}

/**
 * Finds the fields, and the items, that two parts of a schema describe at once, such as two members of `allOf`, with what each says
 * about it. Branches of one `anyOf` are alternatives, so each of them may describe a field.
 */
export function childrenNamedTwice(schema: Schema, resolve: Resolve): Map<string, unknown[]> {
  const byChild = new Map<string, { groups: Set<string>; schemas: unknown[] }>();
  let count = 0;
  const add = (child: string, group: string, inner: unknown): void => {
    if (!mayHoldFields(inner)) return;
    const entry = byChild.get(child) ?? { groups: new Set(), schemas: [] };
    entry.groups.add(group);
    entry.schemas.push(inner);
    byChild.set(child, entry);
  };
  const visit = (part: unknown, group: string): void => {
    if (!isObject(part)) return;
    for (const [name, inner] of Object.entries(isObject(part['properties']) ? part['properties'] : {}))
      add(`.${name}`, group, inner);
    if (part['items'] !== undefined) add(ITEMS, group, part['items']);
    const groupByKeyword = new Map<string, string>();
    for (const { keyword, schema: inner } of inPlace(part, resolve)) {
      const isAlternative = keyword === 'anyOf' || keyword === 'oneOf' || keyword === 'then' || keyword === 'else';
      const key = keyword === 'else' ? 'then' : keyword;
      count += 1;
      if (isAlternative && !groupByKeyword.has(key)) groupByKeyword.set(key, `${group} ${String(count)}`);
      visit(inner, (isAlternative ? groupByKeyword.get(key) : undefined) ?? `${group} ${String(count)}`);
    }
  };
  visit(schema, '');
  return new Map(
    [...byChild].flatMap(([child, { groups, schemas }]): [string, unknown[]][] => (groups.size > 1 ? [[child, schemas]] : [])),
  );
}

const SCALARS = ['string', 'number', 'integer', 'boolean', 'null'];

function mayHoldFields(schema: unknown): boolean {
  if (!isObject(schema) || schema['const'] !== undefined || schema['enum'] !== undefined) return false;
  const types = typeof schema['type'] === 'string' ? [schema['type']] : listOf(schema['type']);
  return types.length === 0 || !types.every((type) => SCALARS.includes(type as string));
}

/** The schemas that hold for the same value when the schema does. `not` and `if` only ask. */
function inPlace(schema: Schema, resolve: Resolve): { keyword: string; schema: unknown }[] {
  const found = subschemasOf(schema).filter(
    ({ position, keyword }) => position === 'same' && keyword !== 'not' && keyword !== 'if',
  );
  return typeof schema['$ref'] === 'string' ? [{ keyword: '$ref', schema: resolve(schema['$ref']) }, ...found] : found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
