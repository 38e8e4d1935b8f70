import { canonicalJson } from '@tidings/events';
import { _, Name, type Ajv, type CodeKeywordDefinition, type ErrorObject, type KeywordCxt, type KeywordDefinition } from 'ajv';
import { countCodePoints } from '../count-code-points.js';
import { hasFormat } from '../schema/formats.js';
import type { Budget } from './budget.js';
import { CHARGE, type Charge } from './charges.js';

type DataCheck = ((data: unknown) => boolean) & { errors?: Partial<ErrorObject>[] };

/** How many characters are read, or written as JSON, in the time of one check. */
const CHARACTERS_PER_CHECK = 8;

/** Replaces the keywords of Ajv whose cost is not bounded by the budget, and those whose errors say too much or too little. */
export function addKeywords(ajv: Ajv, budget: Budget): void {
  ajv.addKeyword(chargeKeyword(budget));
  for (const keyword of ['minLength', 'maxLength'] as const) replace(ajv, lengthKeyword(keyword, budget));
  replace(ajv, enumKeyword(budget));
  replace(ajv, uniqueItemsKeyword(budget));
  replace(ajv, formatKeyword(budget));
  for (const keyword of ['anyOf', 'oneOf', 'contains']) replaceUnion(ajv, keyword);
  startKnownFields(ajv);
  // Last, as they ask what the others have evaluated.
  knowOwnFieldsOnly(ajv);
  replace(ajv, ajv.getKeyword('unevaluatedItems') as CodeKeywordDefinition & { keyword: string });
}

function replace(ajv: Ajv, definition: KeywordDefinition & { keyword: string }): void {
  ajv.removeKeyword(definition.keyword);
  ajv.addKeyword(definition);
}

/** Comes before all rules but those of strings and numbers, so that a schema is paid for before it is applied. */
function chargeKeyword(budget: Budget): CodeKeywordDefinition {
  const spend = (data: unknown, visit: number, item: number, member: number): void => {
    let cost = visit;
    if (Array.isArray(data)) cost += item * data.length;
    else if (member > 0 && typeof data === 'object' && data !== null) cost += member * Object.keys(data).length;
    budget.spend(cost);
  };
  return {
    keyword: CHARGE,
    schemaType: 'object',
    before: '$ref',
    code: (cxt) => {
      const { visit, item, member } = cxt.schema as Charge;
      cxt.gen.code(_`${cxt.gen.scopeValue('func', { ref: spend })}(${cxt.data}, ${visit}, ${item}, ${member});`);
    },
  };
}

/** Counts code points, as JSON Schema does, where the number of UTF-16 units leaves it open. */
function lengthKeyword(keyword: 'minLength' | 'maxLength', budget: Budget): CodeKeywordDefinition & { keyword: string } {
  const count = (text: string): number => {
    budget.spend(text.length / CHARACTERS_PER_CHECK);
    return countCodePoints(text);
  };
  return {
    keyword,
    type: 'string',
    schemaType: 'number',
    code: (cxt) => {
      const limit = cxt.schema as number;
      const counted = _`${cxt.gen.scopeValue('func', { ref: count })}(${cxt.data})`;
      const units = _`${cxt.data}.length`;
      if (keyword === 'minLength') cxt.fail(_`${units} < ${limit} || (${units} < ${2 * limit} && ${counted} < ${limit})`);
      else cxt.fail(_`${units} > ${limit} && (${units} > ${2 * limit} || ${counted} > ${limit})`);
    },
  };
}

function formatKeyword(budget: Budget): CodeKeywordDefinition & { keyword: string } {
  const check = (text: string, format: string): boolean => {
    budget.spend(text.length / CHARACTERS_PER_CHECK);
    return hasFormat(text, format);
  };
  return {
    keyword: 'format',
    type: 'string',
    schemaType: 'string',
    code: (cxt) => {
      cxt.fail(_`!${cxt.gen.scopeValue('func', { ref: check })}(${cxt.data}, ${cxt.schema as string})`);
    },
  };
}

/** By a look-up: Ajv compares with one value after the other, and calls a member `toString` of the data to do so. */
function enumKeyword(budget: Budget): KeywordDefinition & { keyword: string } {
  return {
    keyword: 'enum',
    schemaType: 'array',
    compile: (values: unknown[]) => {
      const scalars = new Set(values.filter((one) => !isComposite(one)));
      const composites = new Set(values.filter(isComposite).map(canonicalJson));
      return (data: unknown) => {
        if (!isComposite(data)) return scalars.has(data);
        return composites.size > 0 && composites.has(canonicalWithin(data, budget));
      };
    },
  };
}

/** In one pass: Ajv compares each item with each other. */
function uniqueItemsKeyword(budget: Budget): KeywordDefinition & { keyword: string } {
  return {
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    errors: true,
    compile: (isWanted: boolean) => {
      const check: DataCheck = (data) => {
        if (!isWanted) return true;
        const items = data as unknown[];
        budget.spend(items.length);
        const [scalars, composites] = [new Map<unknown, number>(), new Map<unknown, number>()];
        for (const [index, item] of items.entries()) {
          const [indexByItem, key] = isComposite(item) ? [composites, canonicalWithin(item, budget)] : [scalars, item];
          const first = indexByItem.get(key);
          if (first !== undefined) {
            check.errors = [{ keyword: 'uniqueItems', params: { i: first, j: index } }];
            return false;
          }
          indexByItem.set(key, index);
        }
        return true;
      };
      return check;
    },
  };
}

const isComposite = (value: unknown): value is object => typeof value === 'object' && value !== null;

function canonicalWithin(value: object, budget: Budget): string {
  budget.spend(4);
  const text = canonicalJson(value);
  budget.spend(text.length / 4);
  return text;
}

/**
 * Adds to the error of a keyword where the errors of its schemas begin, which come before it. When only the first error is wanted,
 * those are left empty: of 300 branches, each would take ten times as long to describe its error as to find it.
 */
function replaceUnion(ajv: Ajv, keyword: string): void {
  const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
  const { error } = definition;
  if (!error) throw new Error(`Ajv has no error for ${keyword}.`);
  const params = (cxt: KeywordCxt) => {
    const own = typeof error.params === 'function' ? error.params(cxt) : (error.params ?? _`{}`);
    return _`Object.assign({from: ${cxt.errsCount ?? 0}}, ${own})`;
  };
  replace(ajv, {
    ...definition,
    keyword,
    error: { ...error, params } as NonNullable<CodeKeywordDefinition['error']>,
    code: (cxt, ruleType) => {
      const subschema = cxt.subschema.bind(cxt);
      if (!cxt.allErrors) cxt.subschema = (applied, valid) => subschema({ ...applied, createErrors: false }, valid);
      definition.code(cxt, ruleType);
    },
  });
}

/** Ajv takes `constructor` for a known field: it looks the names of known fields up in an object that inherits some. */
function knowOwnFieldsOnly(ajv: Ajv): void {
  const definition = ajv.getKeyword('unevaluatedProperties') as CodeKeywordDefinition;
  replace(ajv, {
    ...definition,
    keyword: 'unevaluatedProperties',
    code: (cxt, ruleType) => {
      const { props } = cxt.it;
      if (props instanceof Name) cxt.gen.code(_`if (typeof ${props} === "object") Object.setPrototypeOf(${props}, null);`);
      definition.code(cxt, ruleType);
    },
  });
}

/**
 * Ajv notes the fields that patterns match in the list of known fields. A schema that was applied before, as of `anyOf`, may have left
 * that list undefined, or `true`, for all fields: then Ajv would throw.
 */
function startKnownFields(ajv: Ajv): void {
  const definition = ajv.getKeyword('patternProperties') as CodeKeywordDefinition;
  replace(ajv, {
    ...definition,
    keyword: 'patternProperties',
    code: (cxt, ruleType) => {
      const { gen } = cxt;
      const { props } = cxt.it;
      if (!(props instanceof Name)) {
        definition.code(cxt, ruleType);
        return;
      }
      const knowsAll = gen.var('knowsAll', _`${props} === true`);
      gen.if(_`typeof ${props} !== "object"`, () => gen.assign(props, _`{}`));
      definition.code(cxt, ruleType);
      gen.if(knowsAll, () => gen.assign(props, true));
    },
  });
}
