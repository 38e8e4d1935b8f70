import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Contract } from '../../src/contract.js';
import type { Part } from './arbitrary-schema.js';

type Node = Readonly<Record<string, unknown>>;

const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'];
const WITHIN = ['properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems', 'contains', 'propertyNames'];

/** The two ways of closing objects to unknown fields that validators have: each schema by itself, or with what it applies in place. */
export type Closing = 'additionalProperties' | 'unevaluatedProperties';

/** Whether data is valid; undefined where Ajv itself fails, as it does for some schemas with `if` and `unevaluatedProperties`. */
export type Validator = (data: unknown) => boolean | undefined;

/** Whether data is valid under the contract. */
export function validatorOf({ schema, unknownFields }: Contract, closing: Closing): Validator {
  return compile(unknownFields === 'refuse' ? close(inlined(schema), closing, true) : schema);
}

/** Whether receivers who know the contract, and ignore unknown fields where it refuses them, understand the data. */
export function readerOf({ schema, unknownFields }: Contract, closing: Closing): Validator {
  const open = openUp(inlined(schema));
  return compile(unknownFields === 'refuse' ? close(open, closing, true) : open);
}

function compile(schema: Part): Validator {
  // A new one, as it remembers all schemas; without the schemas of schemas, which take most of the time.
  const ajv = new Ajv2020({ strict: false, meta: false, validateSchema: false });
  const validate = ajv.compile(schema as boolean);
  return (data) => {
    try {
      return validate(data);
    } catch {
      return undefined;
    }
  };
}

/** The schema with each reference replaced by its target. */
function inlined(root: Part): Part {
  const definitions = (root as Node)['$defs'] as Record<string, Part>;
  const inline = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inline);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref, $defs, ...rest } = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inline(part)]));
    if (typeof $ref !== 'string') return rest;
    const target = inline(definitions[$ref.slice('#/$defs/'.length)]);
    return Object.keys(rest).length === 0
      ? target
      : { ...rest, allOf: [...((rest['allOf'] as unknown[] | undefined) ?? []), target] };
  };
  return inline(root) as Part;
}

function close(schema: unknown, closing: Closing, isWhole: boolean): Part {
  if (typeof schema !== 'object' || schema === null) return schema as boolean;
  const closed = map(schema as Node, (part, keyword) =>
    close(part, closing, closing === 'additionalProperties' || !IN_PLACE.includes(keyword)),
  );
  const isClosed = 'additionalProperties' in closed || 'unevaluatedProperties' in closed;
  return isWhole && !isClosed && describesObject(closed, closing) ? { ...closed, [closing]: false } : closed;
}

function describesObject(schema: Part, closing: Closing): boolean {
  if (typeof schema !== 'object') return false;
  if (schema['type'] !== undefined) return [schema['type']].flat().includes('object');
  const keywords = ['properties', 'patternProperties', 'required', 'minProperties', 'maxProperties'];
  if (keywords.some((keyword) => keyword in schema)) return true;
  if (closing === 'additionalProperties') return false;
  return ['allOf', 'anyOf', 'oneOf'].some((keyword) =>
    [schema[keyword] ?? []].flat().some((part) => describesObject(part as Part, closing)),
  );
}

/** The schema that allows unknown fields wherever it refuses them, besides within keywords such as `not`, which turn it around. */
function openUp(schema: Part): Part {
  if (typeof schema !== 'object') return schema;
  const isOpen = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false;
  const open = map(schema, (part, keyword) =>
    ['anyOf', ...WITHIN].includes(keyword) && keyword !== 'contains' ? openUp(part as Part) : part,
  );
  return isOpen || !describesObject(schema, 'additionalProperties') || 'unevaluatedProperties' in schema
    ? open
    : { ...open, additionalProperties: true };
}

function map(schema: Node, change: (part: unknown, keyword: string) => unknown): Node {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === 'properties' || keyword === 'patternProperties') return [keyword, byName(value as Node, keyword, change)];
      if (![...IN_PLACE, ...WITHIN].includes(keyword)) return [keyword, value];
      return [keyword, Array.isArray(value) ? value.map((part) => change(part, keyword)) : change(value, keyword)];
    }),
  );
}

function byName(parts: Node, keyword: string, change: (part: unknown, keyword: string) => unknown): Node {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, change(part, keyword)]));
}
