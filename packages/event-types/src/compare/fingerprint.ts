import type { Contract, JsonSchema } from '../contract.js';
import { isAnnotation } from './annotations.js';
import { fromEntries, mapSubschemas, subschemasOf, type Schema } from './subschemas.js';
import { writeValue } from './write-value.js';

type UnknownFields = Contract['unknownFields'];

/**
 * A text that is the same for two schemas only when they mean the same: without annotations, in one order and one way of writing.
 * What becomes of unknown fields is part of it, as it is part of the meaning wherever the schema lets objects have them.
 */
export function fingerprint(schema: Schema, unknownFields: UnknownFields): string {
  return `${leavesUnknownFields(schema) ? unknownFields : ''} ${writeValue(plain(schema))}`;
}

/** The fingerprint of some keywords of a schema. Without `unknownFields`: of values that are neither objects nor lists. */
export function fingerprintOfKeywords(keywords: JsonSchema, unknownFields?: UnknownFields): string {
  const isOpen = unknownFields !== undefined && subschemasOf(keywords).some(leavesUnknownFields);
  return `${isOpen ? unknownFields : ''} ${writeValue(plain(keywords))}`;
}

/** The schema without annotations, and with one way of writing for what has several. */
function plain(schema: Schema): unknown {
  if (typeof schema === 'boolean') return schema;
  const keywords = mapSubschemas(schema, plain).filter(([keyword]) => !isAnnotation(keyword));
  return fromEntries(
    keywords.map(([keyword, value]) => (keyword === 'const' ? ['enum', [value]] : [keyword, ordered(keyword, value)])),
  );
}

function ordered(keyword: string, value: unknown): unknown {
  if (keyword === 'type' && typeof value === 'string') return [value];
  if (!['type', 'required', 'enum'].includes(keyword) || !Array.isArray(value)) return value;
  return value
    .map((item) => [writeValue(item), item] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, item]) => item as unknown);
}

/** Whether the schema, or one within it, allows objects without saying which fields they may have besides those that it names. */
function leavesUnknownFields(schema: Schema): boolean {
  if (typeof schema === 'boolean') return false;
  const types = schema['type'];
  const allowsObjects = types === undefined || types === 'object' || (Array.isArray(types) && types.includes('object'));
  if (allowsObjects && schema['additionalProperties'] === undefined && !isEnumeration(schema)) return true;
  return subschemasOf(schema).some(leavesUnknownFields);
}

function isEnumeration(schema: JsonSchema): boolean {
  return Object.hasOwn(schema, 'const') || Object.hasOwn(schema, 'enum');
}
