import fc from 'fast-check';
import type { JsonSchema } from '../../src/contract.js';
import { arbitraryPart, definitionsOf, NAMES, type Part } from './arbitrary-schema.js';

/** A change of one place of a schema, which `index` chooses. */
export interface Edit {
  kind: 'replace' | 'drop' | 'put' | 'nudge' | 'require' | 'name' | 'nullable' | 'value';
  place: number;
  index: number;
  part: Part;
}

export const arbitraryEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('replace', 'drop', 'put', 'nudge', 'require', 'name', 'nullable', 'value'),
  place: fc.nat(1000),
  index: fc.nat(1000),
  part: arbitraryPart,
});

/** Makes the edits, one after the other. The root stays a schema of objects, and the definitions stay free of recursion. */
export function mutate(schema: JsonSchema, edits: readonly Edit[]): JsonSchema {
  const copy: { root: Part } = copyOf({ root: schema });
  for (const edit of edits) makeEdit(copy, { ...edit, part: copyOf(edit.part) });
  const { $defs, ...root } = copy.root === true || copy.root === false ? {} : copy.root;
  return { ...root, type: 'object', ...definitionsOf((($defs ?? schema['$defs']) as Record<string, Part>)['one'] ?? true) };
}

/** A copy that shares no object with the original, nor one part with another. */
function copyOf<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

type Mutable = Record<string, unknown>;

function makeEdit(top: { root: Part }, { kind, place, index, part }: Edit): void {
  const places = [...placesIn(top)];
  const [holder, key]: [Mutable, string] = places[place % places.length] ?? [{ ...top }, 'root'];
  const target = holder[key];
  if (kind === 'replace') holder[key] = part;
  if (kind === 'nullable') holder[key] = { anyOf: [target, { type: 'null' }] };
  if (typeof target !== 'object' || target === null) return;
  const schema = target as Mutable;
  const keywords = Object.keys(schema).filter((keyword) => keyword !== '$defs');
  const keyword = keywords[index % keywords.length];
  if (kind === 'drop' && keyword !== undefined) Reflect.deleteProperty(schema, keyword);
  if (kind === 'put' && typeof part === 'object') Object.assign(schema, part);
  if (kind === 'nudge') nudge(schema, index);
  if (kind === 'require') schema['required'] = toggled(listIn(schema, 'required'), NAMES[index % NAMES.length]);
  if (kind === 'value' && 'enum' in schema) schema['enum'] = toggled(listIn(schema, 'enum'), [1, 'a', 'b', null, 'c'][index % 5]);
  if (kind === 'name') name(schema, index, part);
}

/** Every place of a subschema, as the object or list that holds it and the key. */
function* placesIn(holder: object): Generator<[Mutable, string]> {
  for (const [key, value] of Object.entries(holder)) {
    if (['enum', 'const', 'required', 'type', 'dependentRequired'].includes(key)) continue;
    const holdsSchemas = ['properties', 'patternProperties', '$defs', 'prefixItems', 'anyOf', 'oneOf', 'allOf'].includes(key);
    if (typeof value === 'object' && value !== null) {
      if (!holdsSchemas) yield [holder as Mutable, key];
      yield* placesIn(value as object);
    } else if (typeof value === 'boolean' && key !== 'uniqueItems') yield [holder as Mutable, key];
  }
}

function nudge(schema: Mutable, index: number): void {
  const limits = Object.keys(schema).filter((keyword) => typeof schema[keyword] === 'number');
  const limit = limits[index % limits.length];
  if (limit !== undefined && limit !== 'multipleOf') schema[limit] = Math.max(0, Number(schema[limit]) + (index % 2 ? 1 : -1));
}

function name(schema: Mutable, index: number, part: Part): void {
  const properties = { ...(schema['properties'] as Mutable | undefined) };
  const field = NAMES[index % NAMES.length] ?? 'a';
  if (field in properties) Reflect.deleteProperty(properties, field);
  else properties[field] = part;
  schema['properties'] = properties;
}

function listIn(schema: Mutable, keyword: string): unknown[] {
  return (schema[keyword] as unknown[] | undefined) ?? [];
}

function toggled(list: readonly unknown[], value: unknown): unknown[] {
  const rest = list.filter((each) => each !== value);
  return rest.length < list.length && rest.length > 0 ? rest : [...rest, value];
}
