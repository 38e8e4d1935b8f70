import type { Contract, JsonSchema } from '../contract.js';
import { limitsOf } from './annotations.js';
import { fingerprint, fingerprintOfKeywords } from './fingerprint.js';
import type { JsonType } from './shape.js';
import { subschemasOf } from './subschemas.js';
import { leavesUnknownFieldsToContract } from './unknown-fields.js';

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
  // Ajv 8.20 lets an empty list pass `contains` where some `prefixItems` stand beside it.
  contains: ['minContains', 'maxContains', 'prefixItems'],
};
const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'];
const NAMING = [
  ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'],
  ...['items', 'prefixItems', 'unevaluatedItems'],
];

/** The limits of the schema for values of a type that the comparison can only tell apart: a fingerprint by the keyword. */
export function readUndecided(schema: JsonSchema, type: JsonType, unknownFields: Contract['unknownFields']): Map<string, string> {
  const found = new Map<string, string>();
  for (const keyword of limitsOf(schema)) {
    if (DECIDED.has(keyword) || isCompanion(keyword, schema) || TYPES[keyword]?.includes(type) === false) continue;
    found.set(keyword, fingerprintOfKeyword(schema, keyword, type, unknownFields));
  }
  if (type === 'object' && mayNameElsewhere(schema, found) && requiresUnnamed(schema)) {
    found.set('required', fingerprint(schema, unknownFields));
  }
  return found;
}

function isCompanion(keyword: string, schema: JsonSchema): boolean {
  return Object.entries(COMPANIONS).some(([head, companions]) => Object.hasOwn(schema, head) && companions.includes(keyword));
}

function fingerprintOfKeyword(
  schema: JsonSchema,
  keyword: string,
  type: JsonType,
  unknownFields: Contract['unknownFields'],
): string {
  const group = [keyword, ...(COMPANIONS[keyword] ?? [])].filter((name) => Object.hasOwn(schema, name));
  const keywords = Object.fromEntries(group.map((name) => [name, schema[name]]));
  if (keyword.startsWith('unevaluated') || (unknownFields === 'refuse' && sharesFields(keyword, keywords, type))) {
    return fingerprint(schema, unknownFields);
  }
  return fingerprintOfKeywords(keywords, type === 'array' || type === 'object' ? unknownFields : undefined);
}

/**
 * Whether what other keywords of the schema name has a part in what the keyword refuses: fields within an object or a list that
 * several schemas describe are unknown only when none of them names the field.
 */
function sharesFields(keyword: string, keywords: JsonSchema, type: JsonType): boolean {
  return (type === 'object' || type === 'array') && IN_PLACE.includes(keyword) && namesFieldsOrItems(keywords);
}

function namesFieldsOrItems(schema: JsonSchema): boolean {
  const isNaming = NAMING.some((keyword) => schema[keyword] !== undefined);
  return isNaming || subschemasOf(schema).some((part) => typeof part === 'object' && namesFieldsOrItems(part));
}

/** Whether a field without a schema of its own may have one all the same: by a pattern, or by `allOf` and its like. */
function mayNameElsewhere(schema: JsonSchema, undecided: ReadonlyMap<string, string>): boolean {
  return schema['patternProperties'] !== undefined || (undecided.size > 0 && leavesUnknownFieldsToContract(schema));
}

function requiresUnnamed({ required, properties }: JsonSchema): boolean {
  if (!Array.isArray(required)) return false;
  const named = new Set(Object.keys(properties ?? {}));
  return required.some((name) => !named.has(String(name)));
}
