type Schema = Readonly<Record<string, unknown>>;

interface Context {
  /** The whole schema, for references. */
  root: Schema;
  /** Whether objects may have fields that no schema names. */
  keepsUnknownFields: boolean;
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/**
 * Writes the type of TypeScript whose values include all that a JSON Schema allows. Limits that TypeScript cannot say, such as
 * `minimum` or `not`, are left out. References are local and not recursive, as in every schema of an event type.
 */
export function typeOf(schema: unknown, context: Context, indent: string): string {
  if (schema === false) return 'never';
  if (!isObject(schema)) return 'unknown';
  const parts: string[] = [];
  if (typeof schema['$ref'] === 'string') parts.push(typeOf(targetOf(schema['$ref'], context.root), context, indent));
  if ('const' in schema) parts.push(literal(schema['const']));
  else if (Array.isArray(schema['enum'])) parts.push(union(schema['enum'].map(literal)));
  else parts.push(ownType(schema, context, indent));
  for (const keyword of ['anyOf', 'oneOf']) {
    if (Array.isArray(schema[keyword])) parts.push(union(schema[keyword].map((part: unknown) => typeOf(part, context, indent))));
  }
  if (Array.isArray(schema['allOf'])) parts.push(...schema['allOf'].map((part: unknown) => typeOf(part, context, indent)));
  return intersection(parts);
}

function ownType(schema: Schema, context: Context, indent: string): string {
  const named: unknown[] = [schema['type'] ?? []].flat();
  const describesFields = ['properties', 'required', 'additionalProperties'].some((keyword) => keyword in schema);
  const types = named.length === 0 && describesFields ? ['object'] : named;
  if (types.length === 0) return 'unknown';
  return union(
    types.map((type) => {
      if (type === 'object') return objectType(schema, context, indent);
      if (type === 'array') return arrayType(schema, context, indent);
      return SCALARS[String(type)] ?? 'unknown';
    }),
  );
}

function objectType(schema: Schema, context: Context, indent: string): string {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []);
  const rest = schema['additionalProperties'];
  const inner = `${indent}  `;
  const names = [...new Set([...Object.keys(properties), ...required])];
  const fields = names.map((name) => {
    const type = Object.hasOwn(properties, name) ? typeOf(properties[name], context, inner) : 'unknown';
    return `${fieldName(name)}${required.has(name) ? '' : '?'}: ${type};`;
  });
  const hasOthers = rest === undefined ? context.keepsUnknownFields || isObject(schema['patternProperties']) : rest !== false;
  if (hasOthers && fields.length === 0) return `Record<string, ${typeOf(rest ?? true, context, indent)}>`;
  // Beside named fields, an index signature must include their types, too.
  if (hasOthers) fields.push('[name: string]: unknown;');
  if (fields.length === 0) return 'Record<string, never>';
  return `{\n${fields.map((field) => `${inner}${field}\n`).join('')}${indent}}`;
}

function arrayType(schema: Schema, context: Context, indent: string): string {
  const first = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as unknown[]) : [];
  const items = [...first, schema['items'] ?? true]
    .map((item) => typeOf(item, context, indent))
    .filter((type) => type !== 'never');
  return `${parenthesized(union(items))}[]`;
}

function targetOf(reference: string, root: Schema): unknown {
  const segments = decodeURIComponent(reference.replace(/^#\/?/, '')).split('/');
  return segments.reduce<unknown>(
    (value, segment) =>
      segment === '' ? value : (value as Schema | undefined)?.[segment.replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  );
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${fieldName(name)}: ${literal(inner)}`)
    .join('; ')} }`;
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)].filter((type) => type !== 'never');
  if (distinct.includes('unknown')) return 'unknown';
  return distinct.length === 0 ? 'never' : distinct.map((type) => (type.includes(' & ') ? `(${type})` : type)).join(' | ');
}

function intersection(types: readonly string[]): string {
  const distinct = [...new Set(types)].filter((type) => type !== 'unknown');
  if (distinct.includes('never')) return 'never';
  if (distinct.length === 1) return distinct[0] as string;
  return distinct.length === 0 ? 'unknown' : distinct.map((type) => (type.includes(' | ') ? `(${type})` : type)).join(' & ');
}

const parenthesized = (type: string): string => (/ [|&] /.test(type) ? `(${type})` : type);
const fieldName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
