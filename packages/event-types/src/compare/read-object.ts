import type { Contract, JsonSchema } from '../contract.js';
import { atLeast, atMost } from './read-scalars.js';
import { ANY, isNever, NEVER, type Field, type Form, type ObjectForm, type Shape } from './shape.js';
import { isObject, isSchema, type Schema } from './subschemas.js';
import { leavesUnknownFieldsToContract } from './unknown-fields.js';

/** Reads the limits of objects. Undefined: no object is possible. */
export function readObject(
  schema: JsonSchema,
  common: Form,
  unknownFields: Contract['unknownFields'],
  read: (part: Schema) => Shape,
): ObjectForm | undefined {
  const { additionalProperties } = schema;
  const isRestImplied = leavesUnknownFieldsToContract(schema);
  const refused = isRestImplied && unknownFields === 'refuse' ? NEVER : ANY;
  const rest = isSchema(additionalProperties) ? read(additionalProperties) : refused;
  const patterns = shapesIn(schema['patternProperties'], read);

  const required = new Set(Array.isArray(schema['required']) ? schema['required'].map(String) : []);
  const fields = new Map<string, Field>();
  for (const [name, shape] of shapesIn(schema['properties'], read)) fields.set(name, { shape, isRequired: required.has(name) });
  for (const name of required) if (!fields.has(name)) fields.set(name, { shape: rest, isRequired: true });

  const mayNameElsewhere = patterns.size > 0 || (isRestImplied && common.undecided.size > 0);
  const isImpossible = [...fields.values()].some(({ shape, isRequired }) => isRequired && isNever(shape));
  if (isImpossible && !mayNameElsewhere) return undefined;
  const minProperties = atLeast(schema['minProperties']);
  const maxProperties = atMost(schema['maxProperties']);
  if (minProperties > maxProperties || required.size > maxProperties) return undefined;
  return { ...common, minProperties, maxProperties, fields, patterns, rest, isRestImplied, mayNameElsewhere };
}

function shapesIn(schemas: unknown, read: (part: Schema) => Shape): Map<string, Shape> {
  const parts = isObject(schemas) ? Object.entries(schemas) : [];
  return new Map(parts.map(([name, part]) => [name, isSchema(part) ? read(part) : ANY]));
}
