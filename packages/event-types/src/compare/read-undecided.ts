import type { Contract, JsonSchema } from '../contract.js';
import { limitsOf } from './annotations.js';
import { fingerprint, fingerprintOfKeywords } from './fingerprint.js';
import type { JsonType } from './shape.js';

/** The keywords that the comparison understands. */
const DECIDED = new Set([
  ...['type', 'enum', 'const'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'patternProperties', 'additionalProperties', 'required', 'minProperties', 'maxProperties'],
]);

/** The types for which other keywords count. A keyword that is not here may count for all. */
const TYPES: Readonly<Record<string, readonly JsonType[]>> = {
  pattern: ['string'],
  format: ['string', 'number'],
  contentEncoding: ['string'],
  contentMediaType: ['string'],
  contentSchema: ['string'],
  contains: ['array'],
  unevaluatedItems: ['array'],
  dependencies: ['object'],
  dependentRequired: ['object'],
  dependentSchemas: ['object'],
  propertyNames: ['object'],
  unevaluatedProperties: ['object'],
};

/** Keywords that mean something only together with another, which comes first. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  if: ['then', 'else'],
  contains: ['minContains', 'maxContains'],
};
const COMPANION = new Set(Object.values(COMPANIONS).flat());

/** The limits of the schema for values of a type that the comparison can only tell apart: a fingerprint by the keyword. */
export function readUndecided(schema: JsonSchema, type: JsonType, unknownFields: Contract['unknownFields']): Map<string, string> {
  const found = new Map<string, string>();
  for (const keyword of limitsOf(schema)) {
    if (DECIDED.has(keyword) || COMPANION.has(keyword) || TYPES[keyword]?.includes(type) === false) continue;
    found.set(keyword, fingerprintOfKeyword(schema, keyword, type, unknownFields));
  }
  if (type === 'object' && hasRequiredUnnamed(schema)) found.set('patternProperties', fingerprint(schema, unknownFields));
  return found;
}

function fingerprintOfKeyword(
  schema: JsonSchema,
  keyword: string,
  type: JsonType,
  unknownFields: Contract['unknownFields'],
): string {
  // What they limit depends on all other keywords of the schema.
  if (keyword.startsWith('unevaluated')) return fingerprint(schema, unknownFields);
  const group = [keyword, ...(COMPANIONS[keyword] ?? [])].filter((name) => Object.hasOwn(schema, name));
  const keywords = Object.fromEntries(group.map((name) => [name, schema[name]]));
  return fingerprintOfKeywords(keywords, type === 'array' || type === 'object' ? unknownFields : undefined);
}

/** Whether a required field has no schema of its own but may have that of a pattern: no pattern is matched against names here. */
function hasRequiredUnnamed({ required, properties, patternProperties }: JsonSchema): boolean {
  if (typeof patternProperties !== 'object' || !Array.isArray(required)) return false;
  const named = Object.keys(properties ?? {});
  return required.some((name) => !named.includes(String(name)));
}
