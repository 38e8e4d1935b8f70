/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 uses it. */
export type JsonSchema = Record<string, unknown>;

/** Where a schema is used: in requests, or in responses and the payloads of webhooks. */
export type Direction = 'input' | 'output';

const INT32_MAX = 2 ** 31 - 1;
/** A pattern of one repeated class, such as `^[^\p{C}]{1,255}$`. */
const REPEATED_CLASS = /^\^(\[(?:\\.|[^\]\\])+\])\{(\d+),(\d+)\}\$$/;

/**
 * Writes a JSON Schema so that generators of clients understand it, with the same meaning:
 *
 * - Every number has a `format`. Without one, generators choose 32 bits.
 * - Responses and payloads may have further fields: a client that refuses them breaks at the first new one. Requests may not.
 * - The length of a text is in `minLength` and `maxLength`. Counted in a pattern, a class of Unicode exceeds the size that
 *   pydantic's engine compiles, and Go's repeats at most 1,000 times.
 * - A time has the `format` only: pydantic refuses a pattern of a time.
 * - A default is in the description. As a keyword it makes fields required in openapi-typescript, and ogen has none for objects.
 * - `null` is one of the types, a constant is an `enum` of one value, and one of several objects is a `oneOf`.
 */
export function normalizeSchema(schema: unknown, direction: Direction): JsonSchema {
  return normalize(schema, direction) as JsonSchema;
}

function normalize(value: unknown, direction: Direction): unknown {
  if (Array.isArray(value)) return value.map((item) => normalize(item, direction));
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$schema')
      .map(([key, inner]) => [key, normalizeMember(key, inner, direction)]),
  );
  return [withoutDefault, withNull, withOneOf, withEnum, withFormat, withLength].reduce(
    (result, rule) => rule(result, direction),
    openIn(schema, direction),
  );
}

/** The members whose names are not keywords, or whose values are data. */
function normalizeMember(key: string, value: unknown, direction: Direction): unknown {
  if (['default', 'example', 'examples', 'enum', 'const', 'required', 'mapping'].includes(key)) return value;
  if (!['properties', '$defs', 'patternProperties'].includes(key)) return normalize(value, direction);
  return Object.fromEntries(Object.entries(value as JsonSchema).map(([name, inner]) => [name, normalize(inner, direction)]));
}

function openIn({ additionalProperties, ...schema }: JsonSchema, direction: Direction): JsonSchema {
  if (additionalProperties === undefined || (direction === 'output' && additionalProperties === false)) return schema;
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
  const isSimple = typeof one?.['type'] === 'string' && one['enum'] === undefined;
  const isNullable = others.length === 0 && options.length === 2 && isSimple;
  if (!isNullable) return { ...schema, anyOf };
  return { ...one, ...schema, type: [one['type'], 'null'] };
}

/** The unions of the API are of objects that exclude each other, or of a reference and `null`. */
function withOneOf({ anyOf, ...schema }: JsonSchema): JsonSchema {
  return anyOf === undefined ? schema : { ...schema, oneOf: anyOf };
}

function withEnum({ const: value, ...schema }: JsonSchema): JsonSchema {
  if (value === undefined) return schema;
  return { ...(['string', 'number', 'boolean'].includes(typeof value) && { type: typeof value }), ...schema, enum: [value] };
}

function withFormat(schema: JsonSchema, direction: Direction): JsonSchema {
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

function withLength({ pattern, ...schema }: JsonSchema): JsonSchema {
  if (typeof pattern !== 'string') return schema;
  if (!hasType(schema, 'string') || schema['format'] === 'date-time') return schema;
  const [, characters, least, most] = REPEATED_CLASS.exec(pattern) ?? [];
  if (characters === undefined) return { ...schema, pattern };
  const repeated = `^${characters}${least === '0' ? '*' : '+'}$`;
  return { ...schema, minLength: Number(least), maxLength: Number(most), pattern: repeated };
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasType({ type }: JsonSchema, name: string): boolean {
  return Array.isArray(type) ? type.includes(name) : type === name;
}
