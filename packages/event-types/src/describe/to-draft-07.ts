import type { JsonSchema } from '../contract.js';
import { createDefinitions, type ReferTo, type WrittenSchema } from '../schema/definitions.js';
import { isObject } from '../schema/vocabulary.js';
import { mapSubschemas } from '../schema/walk-schema.js';

type Schema = Record<string, unknown>;

/** Applicators to the same value, beside which draft 07 cannot say what `unevaluated…` says. */
const IN_PLACE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'not', 'dependentSchemas'];

/**
 * Converts a schema of draft 2020-12 to draft 07. It allows every value that the schema allows. Rules for which draft 07 has no
 * keyword are left out, and the description names them.
 */
export function toDraft07(
  { schema, definitions: sources }: WrittenSchema,
  referTo: ReferTo = (name) => `#/definitions/${name}`,
): WrittenSchema {
  const weakened = new Set<unknown>();
  const { refer, resolve, definitions } = createDefinitions({ ...schema, $defs: sources }, (part) => write(part), referTo);

  /** Whether the written form of a part, or of a part that it holds, lacks a rule. */
  const isWeakened = (part: unknown): boolean => weakened.has(part);

  const write = (part: unknown): unknown => {
    if (!isObject(part)) return part;
    const { $defs: _sources, ...own } = part;
    const lost: string[] = [];
    const lose = (keyword: string): void => void lost.push(keyword);
    let written = mapSubschemas(own, (inner) => {
      const result = write(inner);
      if (isWeakened(inner)) weakened.add(part);
      return result;
    });
    written = withQuestions(own, written, isWeakened, lose);
    written = withItems(withContains(withUnevaluated(own, written, lose), lose));
    written = withDependencies(written);
    if (typeof own['$ref'] === 'string') {
      const reference = refer(own['$ref'], 'any');
      if (isWeakened(resolve(own['$ref']))) weakened.add(part);
      written = withReference(written, reference);
    }
    if (lost.length === 0) return written;
    weakened.add(part);
    return { ...written, description: describeLost(written['description'], lost) };
  };

  return { schema: write({ ...schema }) as JsonSchema, definitions };
}

/** A question about a value is left out when draft 07 can only ask a weaker one: its answer would be another. */
function withQuestions(own: Schema, written: Schema, isWeakened: (part: unknown) => boolean, lose: (keyword: string) => void) {
  const { not, if: condition, then, else: otherwise, oneOf, ...rest } = written;
  const result: Schema = rest;
  if (not !== undefined && isWeakened(own['not'])) lose('not');
  else if (not !== undefined) result['not'] = not;
  if (condition !== undefined && isWeakened(own['if'])) lose('if');
  else Object.assign(result, defined({ if: condition, then, else: otherwise }));
  if (!Array.isArray(oneOf)) return result;
  if (!(own['oneOf'] as unknown[]).some(isWeakened)) return { ...result, oneOf };
  lose('oneOf');
  return result['anyOf'] === undefined ? { ...result, anyOf: oneOf } : and(result, { anyOf: oneOf });
}

function withUnevaluated(own: Schema, written: Schema, lose: (keyword: string) => void): Schema {
  const { unevaluatedProperties: fields, unevaluatedItems: items, ...result } = written;
  const isAlone = IN_PLACE.every((keyword) => own[keyword] === undefined);
  if (fields !== undefined && fields !== true && result['additionalProperties'] === undefined) {
    if (isAlone) result['additionalProperties'] = fields;
    else lose('unevaluatedProperties');
  }
  if (items !== undefined && items !== true && result['items'] === undefined) {
    if (isAlone && own['contains'] === undefined) result['items'] = items;
    else lose('unevaluatedItems');
  }
  return result;
}

function withContains(schema: Schema, lose: (keyword: string) => void): Schema {
  const { contains, minContains = 1, maxContains, ...rest } = schema;
  if (contains === undefined) return rest;
  if (Number(minContains) > 1) lose('minContains');
  if (maxContains !== undefined) lose('maxContains');
  return minContains === 0 ? rest : { ...rest, contains };
}

function withItems(schema: Schema): Schema {
  const { prefixItems, items, ...rest } = schema;
  return prefixItems === undefined
    ? defined({ ...rest, items })
    : defined({ ...rest, items: prefixItems, additionalItems: items });
}

function withDependencies(schema: Schema): Schema {
  const { dependentRequired, dependentSchemas, ...rest } = schema;
  if (dependentRequired === undefined && dependentSchemas === undefined) return rest;
  const required = new Map(Object.entries((dependentRequired ?? {}) as Record<string, string[]>));
  const schemas = new Map(Object.entries((dependentSchemas ?? {}) as Record<string, unknown>));
  const dependencies = [...new Set([...required.keys(), ...schemas.keys()])].map((field) => {
    const [names, dependent] = [required.get(field), schemas.get(field)];
    if (names === undefined) return [field, dependent];
    return [field, dependent === undefined ? names : { allOf: [{ required: names }, dependent] }];
  });
  return { ...rest, dependencies: Object.fromEntries(dependencies) as Schema };
}

/** Draft 07 ignores every keyword beside `$ref`. */
function withReference({ $ref: _old, ...rest }: Schema, reference: string): Schema {
  return Object.keys(rest).length === 0 ? { $ref: reference } : and(rest, { $ref: reference });
}

function and({ allOf = [], ...rest }: Schema, schema: Schema): Schema {
  return { ...rest, allOf: [...(allOf as unknown[]), schema] };
}

function describeLost(description: unknown, lost: readonly string[]): string {
  const sentence = `JSON Schema draft 07 cannot express ${lost.map((keyword) => `\`${keyword}\``).join(', ')} of the schema.`;
  return typeof description === 'string' ? `${description} ${sentence}` : sentence;
}

function defined(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
