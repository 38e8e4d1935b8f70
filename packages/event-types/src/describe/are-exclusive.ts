import { isObject } from '../schema/vocabulary.js';
import type { Resolve } from '../validate/parts.js';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Returns whether no value matches two of the schemas because they have different types, or because one field, which each requires,
 * has different values in each. Other schemas may exclude each other, too: this is what generators of clients can tell apart.
 */
export function areExclusive(schemas: readonly unknown[], resolve: Resolve): boolean {
  const forms = schemas.map((schema) => follow(schema, resolve));
  if (!forms.every(isObject)) return false;
  if (areDistinct(forms.map(typesOf))) return true;
  const [first] = forms;
  const fields = Array.isArray(first?.['required']) ? (first['required'] as string[]) : [];
  return fields.some((field) => areDistinct(forms.map((form) => valuesOf(form, field, resolve))));
}

/** Whether each list has members, and none is in two of them. */
function areDistinct(lists: readonly (readonly string[])[]): boolean {
  const all = lists.flat();
  return lists.every(({ length }) => length > 0) && new Set(all).size === all.length;
}

/** The types that a schema allows; none: it does not say. A whole number is a number. */
function typesOf({ type }: Schema): string[] {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as string[];
  return [...new Set(types.map((name) => (name === 'integer' ? 'number' : name)))];
}

/** The values of a field that objects of a schema must have, as JSON; none: it may be absent, or have any value. */
function valuesOf(schema: Schema, field: string, resolve: Resolve): string[] {
  const { type, required, properties } = schema;
  if (type !== 'object' || !Array.isArray(required) || !required.includes(field)) return [];
  const child = follow(isObject(properties) && Object.hasOwn(properties, field) ? properties[field] : undefined, resolve);
  if (!isObject(child)) return [];
  const values = child['const'] === undefined ? child['enum'] : [child['const']];
  // Numbers such as 1 and 1.0 have one form in JSON; two objects may have several.
  if (!Array.isArray(values) || values.some((value) => typeof value === 'object')) return [];
  return [...new Set(values.map((value) => JSON.stringify(value)))];
}

function follow(schema: unknown, resolve: Resolve): unknown {
  return isObject(schema) && typeof schema['$ref'] === 'string' && schema['type'] === undefined
    ? follow(resolve(schema['$ref']), resolve)
    : schema;
}
