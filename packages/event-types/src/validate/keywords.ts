import { canonicalJson } from '@tidings/events';
import { _, Name, type Ajv, type CodeKeywordDefinition, type ErrorObject, type KeywordCxt, type KeywordDefinition } from 'ajv';
import { hasFormat } from '../schema/formats.js';
import type { Budget } from './budget.js';
import { CHARGE, type Charge } from './charges.js';

type DataCheck = ((data: unknown) => boolean) & { errors?: Partial<ErrorObject>[] };

/** How many characters are read, or written as JSON, in the time of one check. */
const CHARACTERS_PER_CHECK = 16;

/** Replaces the keywords of Ajv whose cost is not bounded by the budget, and those whose errors say too much or too little. */
export function addKeywords(ajv: Ajv, budget: Budget): void {
  ajv.addKeyword(chargeKeyword(budget));
  for (const keyword of ['minLength', 'maxLength'] as const) replace(ajv, lengthKeyword(keyword, budget));
  for (const keyword of ['enum', 'const'] as const) replace(ajv, valuesKeyword(keyword, budget));
  replace(ajv, uniqueItemsKeyword(budget));
  replace(ajv, {
    keyword: 'format',
    type: 'string',
    schemaType: 'string',
    compile: (format: string) => (data: string) => {
      budget.spend(data.length / CHARACTERS_PER_CHECK);
      return hasFormat(data, format);
    },
  });
  for (const keyword of ['anyOf', 'oneOf', 'contains']) markFirstError(ajv, keyword);
  knowOwnFieldsOnly(ajv);
}

function replace(ajv: Ajv, definition: KeywordDefinition & { keyword: string }): void {
  ajv.removeKeyword(definition.keyword);
  ajv.addKeyword(definition);
}

/** Comes before all rules but those of strings and numbers, so that a schema is paid for before it is applied. */
function chargeKeyword(budget: Budget): KeywordDefinition {
  return {
    keyword: CHARGE,
    schemaType: 'object',
    before: '$ref',
    errors: false,
    compile: ({ visit, item, member }: Charge) => {
      return (data: unknown) => {
        let cost = visit;
        if (Array.isArray(data)) cost += item * data.length;
        else if (member > 0 && typeof data === 'object' && data !== null) cost += member * Object.keys(data).length;
        budget.spend(cost);
        return true;
      };
    },
  };
}

/** Counts code points, as JSON Schema does, where the number of UTF-16 units leaves it open. */
function lengthKeyword(keyword: 'minLength' | 'maxLength', budget: Budget): KeywordDefinition & { keyword: string } {
  const count = (text: string): number => {
    budget.spend(text.length / CHARACTERS_PER_CHECK);
    let pairs = 0;
    for (let at = 0; at < text.length - 1; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit < 0xd800 || unit > 0xdbff) continue;
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next <= 0xdfff) pairs += 1;
    }
    return text.length - pairs;
  };
  return {
    keyword,
    type: 'string',
    schemaType: 'number',
    compile: (limit: number) =>
      keyword === 'minLength'
        ? (data: string) => data.length >= limit && (data.length >= 2 * limit || count(data) >= limit)
        : (data: string) => data.length <= limit || (data.length <= 2 * limit && count(data) <= limit),
  };
}

/** `enum` and `const` by a look-up: Ajv compares with one value after the other. */
function valuesKeyword(keyword: 'enum' | 'const', budget: Budget): KeywordDefinition & { keyword: string } {
  return {
    keyword,
    compile: (value: unknown) => {
      const values: unknown[] = keyword === 'enum' ? (value as unknown[]) : [value];
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
  budget.spend(text.length / (CHARACTERS_PER_CHECK / 4));
  return text;
}

/** Adds to the error of a keyword where the errors of its schemas begin, which come before it. */
function markFirstError(ajv: Ajv, keyword: string): void {
  const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
  const { error } = definition;
  if (!error) throw new Error(`Ajv has no error for ${keyword}.`);
  const params = (cxt: KeywordCxt) => {
    const own = typeof error.params === 'function' ? error.params(cxt) : (error.params ?? _`{}`);
    return _`Object.assign({from: ${cxt.errsCount ?? 0}}, ${own})`;
  };
  replace(ajv, { ...definition, keyword, error: { ...error, params } as NonNullable<CodeKeywordDefinition['error']> });
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
