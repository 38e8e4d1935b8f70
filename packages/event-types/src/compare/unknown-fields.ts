import type { JsonSchema } from '../contract.js';

const OBJECT_KEYWORDS = ['properties', 'patternProperties', 'required', 'minProperties', 'maxProperties'];

/**
 * Whether what the contract says of unknown fields holds for the schema itself: it describes an object, and does not say by
 * `additionalProperties` what other fields may be. A schema without a word about objects, such as `{}`, allows all of them.
 */
export function leavesUnknownFieldsToContract(schema: JsonSchema): boolean {
  if (schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined) return false;
  const { type } = schema;
  const namesType = type === 'object' || (Array.isArray(type) && type.includes('object'));
  return namesType || OBJECT_KEYWORDS.some((keyword) => Object.hasOwn(schema, keyword));
}
