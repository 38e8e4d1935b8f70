import { areExclusive } from '@tidings/event-types';

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = Record<string, unknown>;

/** Where a schema is used: in requests, or in responses and the payloads of webhooks. */
export type Direction = 'input' | 'output';

const INT32_MAX = 2 ** 31 - 1;
/** A pattern of one repeated class, such as `^[^\p{C}]{1,255}$`. */
const REPEATED_CLASS = /^\^(\[(?:\\.|[^\]\\])+\])\{(\d+),(\d+)\}\$$/;
/** The beginning of the patterns that zod writes beside the format `date-time`, which say the same. */
const PATTERN_OF_TIMES = String.raw`^(?:(?:\d\d[2468][048]|\d\d[13579][26]|`;

/**
 * Writes a JSON Schema so that generators of clients understand it, with the same meaning:
 *
 * - Every number has a `format`. Without one, generators choose 32 bits.
 * - Responses and payloads may have further fields: a client that refuses them breaks at the first new one. Requests may not.
 * - The length of a text is in `minLength` and `maxLength`. Counted in a pattern, a class of Unicode exceeds the size that
 *   pydantic's engine compiles, and Go's repeats at most 1,000 times.
 * - A time has the `format` only: pydantic refuses a pattern of a time. The description has that of a contract, unless zod wrote it.
 * - A default is in the description. As a keyword it makes fields required in openapi-typescript, and ogen has none for objects.
 * - `null` is one of the types, a constant is an `enum` of one value, and one of several objects is a `oneOf`.
 */
export function normalizeSchema(schema: unknown, direction: Direction): JsonSchema {
  return normalize(schema, { direction }) as JsonSchema;
}

/**
 * Writes a schema of a contract in the same way. Its author decided which objects are closed, so they stay closed, and unions are
 * a `oneOf` only if their alternatives exclude each other.
 *
 * @param resolve returns the part to which a reference refers
 */
export function normalizeContract(schema: unknown, direction: Direction, resolve: (reference: string) => unknown): JsonSchema {
  return normalize(schema, { direction, contract: { resolve } }) as JsonSchema;
}

interface Rules {
  direction: Direction;
  /** Present in a schema of a contract. */
  contract?: { resolve: (reference: string) => unknown };
}

function normalize(value: unknown, rules: Rules): unknown {
  if (Array.isArray(value)) return value.map((item) => normalize(item, rules));
  if (!isObject(value)) return value;
  const schema = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$schema')
      .map(([key, inner]) => [key, normalizeMember(key, inner, rules)]),
  );
  return [withoutDefault, withNull, withOneOf, withEnum, withFormat, withLength].reduce(
    (result, rule) => rule(result, rules),
    openIn(schema, rules),
  );
}

const OF_DATA = new Set(['default', 'example', 'examples', 'enum', 'const', 'required', 'dependentRequired', 'mapping']);
const QUESTIONS = new Set(['not', 'if', 'contains', 'propertyNames']);
const OF_SCHEMAS = new Set(['properties', '$defs', 'patternProperties', 'dependentSchemas', 'dependencies']);

/** The members whose names are not keywords, or whose values are data. */
function normalizeMember(key: string, value: unknown, rules: Rules): unknown {
  if (OF_DATA.has(key) || key.startsWith('x-')) return value;
  // A question about a value has the same answer in both directions.
  if (QUESTIONS.has(key)) return normalize(value, { ...rules, direction: 'input' });
  if (!OF_SCHEMAS.has(key)) return normalize(value, rules);
  return Object.fromEntries(Object.entries(value as JsonSchema).map(([name, inner]) => [name, normalize(inner, rules)]));
}

function openIn({ additionalProperties, ...schema }: JsonSchema, { direction, contract }: Rules): JsonSchema {
  const isOpened = additionalProperties === false && direction === 'output' && contract === undefined;
  if (additionalProperties === undefined || isOpened) return schema;
  // The schema {} of any value is true.
  const isAny = isObject(additionalProperties) && Object.keys(additionalProperties).length === 0;
  const { properties = {}, ...rest } = schema;
  return {
    ...rest,
    ...(Object.keys(properties as object).length > 0 && { properties }),
    additionalProperties: isAny ? true : additionalProperties,
  };
}

function withoutDefault({ default: value, ...schema }: JsonSchema): JsonSchema {
  // Beside a reference, generators take a description for another schema.
  if (value === undefined || value === null || '$ref' in schema) return schema;
  const { description, ...rest } = schema;
  const sentence = `Default: \`${JSON.stringify(value)}\`.`;
  return { ...rest, description: typeof description === 'string' ? `${description} ${sentence}` : sentence };
}

/** Turns `anyOf: [{type: string}, {type: null}]` into `type: [string, null]`. A reference or enumeration keeps its alternative. */
function withNull({ anyOf, ...schema }: JsonSchema): JsonSchema {
  if (anyOf === undefined) return schema;
  const options = anyOf as JsonSchema[];
  const [one, ...others] = options.filter(({ type }) => type !== 'null');
  const isNullable = options.length === 2 && others.length === 0 && one !== undefined && mayAllowNull(one, schema);
  return isNullable ? { ...one, ...schema, type: [one['type'], 'null'] } : { ...schema, anyOf };
}

/** Keywords that apply to every value, so that they would refuse a `null`. */
const OF_ANY_VALUE = ['$ref', 'enum', 'const', 'not', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else'];
const ANNOTATIONS = ['title', 'description', 'deprecated', 'readOnly', 'writeOnly', '$comment', 'examples'];

/** Whether `null` beside its type gives the schema the meaning of a union, and no keyword of `outer` takes the place of another. */
function mayAllowNull(schema: JsonSchema, outer: JsonSchema): boolean {
  const isSimple = typeof schema['type'] === 'string' && OF_ANY_VALUE.every((key) => schema[key] === undefined);
  return isSimple && Object.keys(schema).every((key) => !(key in outer) || ANNOTATIONS.includes(key));
}

/** The unions of the API are of objects that exclude each other, or of a reference and `null`. */
function withOneOf({ anyOf, ...schema }: JsonSchema, { contract }: Rules): JsonSchema {
  if (anyOf === undefined) return schema;
  const isUnion = contract === undefined || areExclusive(anyOf as unknown[], contract.resolve);
  return schema['oneOf'] === undefined && isUnion ? { ...schema, oneOf: anyOf } : { ...schema, anyOf };
}

function withEnum({ const: value, ...schema }: JsonSchema): JsonSchema {
  if (value === undefined) return schema;
  if (schema['enum'] !== undefined) return { ...schema, const: value };
  return { ...(['string', 'number', 'boolean'].includes(typeof value) && { type: typeof value }), ...schema, enum: [value] };
}

function withFormat(schema: JsonSchema, { direction }: Rules): JsonSchema {
  if (hasType(schema, 'number')) return { ...schema, format: schema['format'] ?? 'double' };
  if (!hasType(schema, 'integer')) return schema;
  const { minimum, maximum, ...rest } = schema as JsonSchema & { minimum?: number; maximum?: number };
  // In a request they say which numbers arrive unchanged; in a response they say nothing.
  const isBound = (bound: number | undefined) =>
    bound !== undefined && (direction === 'input' || Math.abs(bound) !== Number.MAX_SAFE_INTEGER);
  const isSmall = minimum !== undefined && maximum !== undefined && minimum >= -INT32_MAX && maximum <= INT32_MAX;
  return {
    ...rest,
    ...(isBound(minimum) && { minimum }),
    ...(isBound(maximum) && { maximum }),
    format: schema['format'] ?? (isSmall ? 'int32' : 'int64'),
  };
}

function withLength({ pattern, ...schema }: JsonSchema, { contract }: Rules): JsonSchema {
  if (typeof pattern !== 'string') return schema;
  // A contract may have a pattern without a type. zod writes none but for texts that stand for other values.
  if (!hasType(schema, 'string')) return contract === undefined ? schema : { ...schema, pattern };
  if (schema['format'] === 'date-time') {
    return contract === undefined || pattern.startsWith(PATTERN_OF_TIMES) ? schema : withPatternInWords(schema, pattern);
  }
  const [, characters, least, most] = REPEATED_CLASS.exec(pattern) ?? [];
  const isCounted = schema['minLength'] !== undefined || schema['maxLength'] !== undefined;
  if (characters === undefined || isCounted) return { ...schema, pattern };
  const repeated = `^${characters}${least === '0' ? '*' : '+'}$`;
  return { ...schema, minLength: Number(least), maxLength: Number(most), pattern: repeated };
}

/** Says a pattern in the description. */
function withPatternInWords({ description, ...schema }: JsonSchema, pattern: string): JsonSchema {
  const sentence = `Pattern: \`${pattern}\`.`;
  return { ...schema, description: typeof description === 'string' ? `${description} ${sentence}` : sentence };
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasType({ type }: JsonSchema, name: string): boolean {
  return Array.isArray(type) ? type.includes(name) : type === name;
}
