import type { Contract, JsonSchema } from '../contract.js';
import { createDefinitions, type ReferTo, type WrittenSchema } from '../schema/definitions.js';
import { isFormat } from '../schema/formats.js';
import { isObject, KEYWORDS } from '../schema/vocabulary.js';
import { childrenNamedTwice, ITEMS, namesFields, parts, speaksOfObjects, type Resolve } from './parts.js';

/**
 * What becomes of unknown fields: a `closed` schema refuses them in its value and all values inside; a `part` is one of several
 * schemas of a value, which is closed by the schema that holds them all; an `open` schema keeps them everywhere.
 */
type Mode = 'closed' | 'part' | 'open';

const ANNOTATIONS = new Set(
  '$schema $comment $defs title description default examples deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema'.split(
    ' ',
  ),
);

/** Annotations that only speak of the schema as a whole, and those that may hold references of their own. */
export const NOT_DESCRIBED: ReadonlySet<string> = new Set(['$schema', '$defs', 'contentSchema']);

/** Keywords whose schemas ask a question about a value and say nothing of what it may be. Closing them would change the answer. */
export const QUESTIONS: ReadonlySet<string> = new Set(['not', 'if', 'contains', 'propertyNames']);

interface CloseOptions {
  /** Titles, descriptions, unknown formats, `x-…`: kept for people and generators, dropped for the compiler. */
  annotations: 'keep' | 'drop';
  /** Default: `#/$defs/name`. */
  referTo?: ReferTo;
}

/** Writes a checked schema as the one that is compiled: closed, and without annotations. */
export function closeSchema(contract: Pick<Contract, 'schema' | 'unknownFields'>): JsonSchema {
  const { schema, definitions } = writeClosed(contract, { annotations: 'drop' });
  return { ...schema, $defs: definitions };
}

/**
 * Writes a checked schema with unknown fields refused at every depth when the contract says so. An object that has
 * `additionalProperties` or `unevaluatedProperties` of its own is left as it is, as is a schema that says nothing about objects,
 * such as `true`.
 */
export function writeClosed(
  { schema, unknownFields }: Pick<Contract, 'schema' | 'unknownFields'>,
  { annotations, referTo }: CloseOptions,
): WrittenSchema {
  const isKept = annotations === 'keep';
  const { resolve, refer, definitions } = createDefinitions(schema, (part, mode: Mode) => convert(part, mode, NONE), referTo);

  /** @param shared the children that several parts describe: they are closed together, by the schema that holds the parts */
  const convert = (part: unknown, mode: Mode, shared: ReadonlySet<string>): unknown => {
    if (!isObject(part)) return part;
    const together = mode === 'closed' ? childrenNamedTwice(part, resolve) : new Map<string, unknown[]>();
    const sharedHere = together.size === 0 ? shared : new Set([...shared, ...together.keys()]);
    const result: Record<string, unknown> = {};
    const conjuncts: unknown[] = [];
    const inner = (keyword: string, name: string | number | undefined, child: unknown): unknown => {
      const position = KEYWORDS.get(keyword)?.holds?.position;
      if (mode === 'open' || QUESTIONS.has(keyword)) return convert(child, 'open', NONE);
      if (position === 'same') return convert(child, 'part', sharedHere);
      const isShared = sharedHere.has(keyword === 'properties' ? `.${String(name)}` : keyword === 'items' ? ITEMS : '');
      return convert(child, isShared ? 'open' : 'closed', NONE);
    };
    for (const [keyword, value] of Object.entries(part)) {
      const holds = KEYWORDS.get(keyword)?.holds;
      const isAnnotation = ANNOTATIONS.has(keyword) || keyword.startsWith('x-');
      if (isAnnotation && (!isKept || NOT_DESCRIBED.has(keyword))) continue;
      if (!isKept && keyword === 'format' && !isFormat(String(value))) continue;
      if (keyword === '$ref' && typeof value === 'string') {
        if (mode !== 'open' && sharedHere.size > 0) conjuncts.push(convert(resolve(value), 'part', sharedHere));
        else result['$ref'] = refer(value, mode === 'closed' && !isAlone(part) ? 'part' : mode);
      } else if (holds?.shape === 'one') result[keyword] = inner(keyword, undefined, value);
      else if (holds?.shape === 'list') result[keyword] = (value as unknown[]).map((child, at) => inner(keyword, at, child));
      else if (holds?.shape === 'map') {
        result[keyword] = Object.fromEntries(
          Object.entries(value as object).map(([name, child]) => [name, inner(keyword, name, child)]),
        );
      } else if (!isKept && keyword === 'const' && typeof value === 'object' && value !== null) {
        // Only `enum` is compared by our own keyword.
        conjuncts.push({ enum: [value] });
      } else result[keyword] = value;
    }
    for (const [child, schemas] of together) {
      const all = convert({ allOf: schemas.map((one) => ({ anyOf: [one, true] })) }, 'closed', NONE);
      conjuncts.push(child === ITEMS ? { items: all } : { properties: { [child.slice(1)]: all } });
    }
    if (conjuncts.length > 0) result['allOf'] = [...((result['allOf'] as unknown[] | undefined) ?? []), ...conjuncts];
    return mode === 'closed' ? close(part, result, resolve) : result;
  };

  const root = convert(schema, unknownFields === 'refuse' ? 'closed' : 'open', NONE) as Record<string, unknown>;
  return { schema: root, definitions };
}

const NONE: ReadonlySet<string> = new Set();

/** Whether a `$ref` is all that a schema says: the schema that it refers to is closed instead. */
function isAlone(schema: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(schema).every((name) => name === '$ref' || ANNOTATIONS.has(name) || name.startsWith('x-'));
}

function close(source: Readonly<Record<string, unknown>>, result: Record<string, unknown>, resolve: Resolve): unknown {
  if (isAlone(source) && source['$ref'] !== undefined) return result;
  const isExplicit = source['additionalProperties'] !== undefined || source['unevaluatedProperties'] !== undefined;
  if (isExplicit || !speaksOfObjects(source, resolve)) return result;
  const isOnlyNamedHere = parts(source, resolve).every((part) => part === source || !namesFields(part));
  // Ajv checks it several times as fast as unevaluatedProperties.
  return { ...result, [isOnlyNamedHere ? 'additionalProperties' : 'unevaluatedProperties']: false };
}
