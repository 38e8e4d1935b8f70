import type { Contract, JsonSchema } from '../../src/contract.js';
import { compileContract } from '../../src/validate/compile-contract.js';
import type { Part } from './arbitrary-schema.js';

type Node = Readonly<Record<string, unknown>>;

const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'];
const WITHIN = ['properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems', 'contains', 'propertyNames'];

/** Whether data is valid. */
export type Validator = (data: unknown) => boolean;

/** Whether data is valid under the contract, as the API and the workers decide it. `checkSchema` has no fault of its schema. */
export function validatorOf(contract: Contract): Validator {
  const { validate } = compileContract(contract);
  return (data) => validate(data).length === 0;
}

/** Whether receivers who know the contract, and ignore unknown fields where it refuses them, understand the data. */
export function readerOf(contract: Contract): Validator {
  return validatorOf({ ...contract, schema: openUp(inlined(contract.schema)) as JsonSchema });
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

function describesObject(schema: Node): boolean {
  if (schema['type'] !== undefined) return [schema['type']].flat().includes('object');
  return ['properties', 'patternProperties', 'required', 'minProperties', 'maxProperties'].some((keyword) => keyword in schema);
}

/** The schema that allows unknown fields wherever it refuses them, besides within keywords such as `not`, which turn it around. */
function openUp(schema: Part): Part {
  if (typeof schema !== 'object') return schema;
  const isOpen = schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false;
  const open = map(schema, (part, keyword) =>
    ['anyOf', ...WITHIN].includes(keyword) && keyword !== 'contains' ? openUp(part as Part) : part,
  );
  return isOpen || !describesObject(schema) || 'unevaluatedProperties' in schema ? open : { ...open, additionalProperties: true };
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
