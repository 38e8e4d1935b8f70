import type { JsonSchema } from '../contract.js';
import { atLeast, atMost } from './read-scalars.js';
import { ANY, isNever, type ArrayForm, type Form, type Shape } from './shape.js';
import { isSchema, type Schema } from './subschemas.js';

/** Reads the limits of lists. Undefined: no list is possible. An item that nothing can be ends the list. */
export function readArray(schema: JsonSchema, common: Form, read: (part: Schema) => Shape): ArrayForm | undefined {
  const { prefixItems, items } = schema;
  const first = Array.isArray(prefixItems) ? prefixItems.filter(isSchema).map(read) : [];
  const rest = isSchema(items) ? read(items) : ANY;
  const impossible = first.findIndex(isNever);
  const maxItems = Math.min(
    atMost(schema['maxItems']),
    impossible < 0 ? Infinity : impossible,
    isNever(rest) ? first.length : Infinity,
  );
  const minItems = atLeast(schema['minItems']);
  if (minItems > maxItems) return undefined;
  return { ...common, minItems, maxItems, isUnique: schema['uniqueItems'] === true, first: first.slice(0, maxItems), rest };
}
