import type { JsonSchema } from '../contract.js';

const OBJECT_KEYWORDS = [
  ...['properties', 'patternProperties', 'required', 'minProperties', 'maxProperties'],
  ...['propertyNames', 'dependentRequired', 'dependentSchemas'],
];

/**
 * Whether the contract's `unknownFields` holds for the schema itself: it describes an object, by its type or by its fields, and does
 * not say by `additionalProperties` what other fields may be. A schema without a word about objects, such as `{}`, allows all fields.
 */
export function leavesUnknownFieldsToContract(schema: JsonSchema): boolean {
  if (schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined) return false;
  const { type } = schema;
  if (type !== undefined) return type === 'object' || (Array.isArray(type) && type.includes('object'));
  return OBJECT_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword));
}
