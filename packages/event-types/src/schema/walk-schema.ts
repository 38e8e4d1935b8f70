import { isObject, KEYWORDS, type Position } from './vocabulary.js';

/** A subschema within a schema. */
export interface Subschema {
  /** Where it is: `['properties', 'price']`. */
  path: readonly (string | number)[];
  /** The keyword that holds it. */
  keyword: string;
  position: Position;
  schema: unknown;
}

/** Lists the subschemas that a schema holds itself. Values that are not what their keyword needs hold none. */
export function subschemasOf(schema: Readonly<Record<string, unknown>>): Subschema[] {
  const found: Subschema[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const holds = KEYWORDS.get(keyword)?.holds;
    if (holds === undefined) continue;
    const { shape, position } = holds;
    if (shape === 'one' && !Array.isArray(value)) found.push({ path: [keyword], keyword, position, schema: value });
    else if (shape === 'list' && Array.isArray(value)) {
      value.forEach((inner, index) => found.push({ path: [keyword, index], keyword, position, schema: inner as unknown }));
    } else if (shape === 'map' && isObject(value)) {
      for (const [name, inner] of Object.entries(value)) found.push({ path: [keyword, name], keyword, position, schema: inner });
    }
  }
  return found;
}

/** Copies a checked schema, with each subschema that it holds itself replaced. */
export function mapSubschemas(
  schema: Readonly<Record<string, unknown>>,
  map: (subschema: unknown, keyword: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      const shape = KEYWORDS.get(keyword)?.holds?.shape;
      if (shape === 'one') return [keyword, map(value, keyword)];
      if (shape === 'list') return [keyword, (value as unknown[]).map((inner) => map(inner, keyword))];
      if (shape !== 'map') return [keyword, value];
      return [keyword, Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, map(inner, keyword)]))];
    }),
  );
}

/** Writes a path as the fragment that a `$ref` has: `#/properties/a~1b`. */
export function toPointer(path: readonly (string | number)[]): string {
  return ['#', ...path.map((segment) => String(segment).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/');
}

/** Returns the pointer that a local `$ref` means, with its percent signs decoded; undefined: it is not a local one. */
export function pointerOf(reference: string): string | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  try {
    return decodeURIComponent(reference);
  } catch {
    return undefined;
  }
}
