import type { JsonSchema } from '../contract.js';
import { fieldPath } from '../field-path.js';
import { isObject } from './vocabulary.js';
import { pointerOf, subschemasOf, toPointer } from './walk-schema.js';

/**
 * Lists the fields of the data that a checked schema marks with `x-personal`, sorted: `email`, `address.street`, `people[].name`.
 * `[]` stands for the items of a list, `*` for a member of any name, in `contacts.*.email`.
 */
export function personalFields(schema: JsonSchema): string[] {
  const byPointer = new Map<string, Readonly<Record<string, unknown>>>();
  const index = (part: unknown, path: readonly (string | number)[]): void => {
    if (!isObject(part)) return;
    byPointer.set(toPointer(path), part);
    for (const inner of subschemasOf(part)) index(inner.schema, [...path, ...inner.path]);
  };
  index(schema, []);

  const found = new Set<string>();
  const visit = (part: unknown, field: string): void => {
    if (!isObject(part)) return;
    if (part['x-personal'] === true) found.add(field);
    if (typeof part['$ref'] === 'string') visit(byPointer.get(pointerOf(part['$ref']) ?? ''), field);
    for (const { keyword, position, path, schema: inner } of subschemasOf(part)) {
      if (position === 'same') visit(inner, field);
      else if (position === 'inside' && keyword !== 'propertyNames') visit(inner, nameOf(field, keyword, path[1]));
    }
  };
  visit(schema, '');
  return [...found].sort();
}

function nameOf(field: string, keyword: string, name: string | number | undefined): string {
  if (keyword.endsWith('tems') || keyword === 'contains') return `${field}[]`;
  const own = keyword === 'properties' ? fieldPath([String(name)]) : '*';
  return field === '' || own.startsWith('[') ? field + own : `${field}.${own}`;
}
