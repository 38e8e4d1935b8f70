import { OWNER_ID, OWNER_ID_RULE } from '@tidings/events';
import type { ErrorObject } from 'ajv';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

const MAX_VALUES = 20;
const MAX_VALUE_LENGTH = 200;

/**
 * Says in plain words what is wrong with a value: the end of a sentence that begins with the field. Undefined: another error says
 * it.
 */
export function describeError(
  error: ErrorObject,
  expectedOf: (error: ErrorObject, name: string) => string | undefined,
): string | undefined {
  const params = error.params as Record<string, unknown>;
  const limit = typeof error.schema === 'number' ? String(error.schema) : '';
  switch (error.keyword) {
    case 'if':
    case 'propertyNames':
      return undefined;
    case 'required':
    case 'dependentRequired': {
      const expected = expectedOf(error, String(params['missingProperty']));
      const reason = params['property'] === undefined ? '' : `, as ${JSON.stringify(params['property'])} is there`;
      return expected === undefined ? `is missing${reason}` : `is missing${reason}: it must be ${expected}`;
    }
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return 'is not a known field';
    case 'false schema':
      return 'must be left out';
    case 'type':
      return `must be ${describeTypes(error.schema) ?? ''}, not ${nameOf(error.data)}`;
    case 'enum':
      return `must be ${(error.schema as unknown[]).length === 1 ? '' : 'one of '}${listOf(error.schema as unknown[])}`;
    case 'const':
      return `must be ${listOf([error.schema])}`;
    case 'minLength':
      return `must be at least ${count(limit, 'character')} long`;
    case 'maxLength':
      return `must be at most ${count(limit, 'character')} long`;
    case 'minItems':
      return `must hold at least ${count(limit, 'item')}`;
    case 'maxItems':
    case 'items':
    case 'unevaluatedItems':
      return `must hold at most ${count(String(params['limit'] ?? params['len']), 'item')}`;
    case 'minProperties':
      return `must hold at least ${count(limit, 'member')}`;
    case 'maxProperties':
      return `must hold at most ${count(limit, 'member')}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'multipleOf':
      return `must be a multiple of ${String(error.schema)}`;
    case 'pattern':
      return error.schema === OWNER_ID.source ? OWNER_ID_RULE : `must match /${String(error.schema)}/u`;
    case 'format':
      return `must be a valid ${String(error.schema)}`;
    case 'uniqueItems':
      return `must hold different items: [${String(params['i'])}] and [${String(params['j'])}] are the same`;
    case 'contains':
      return describeContains(params);
    case 'oneOf':
      return params['passingSchemas'] === null
        ? 'must be one of the forms that are documented for it'
        : 'must be only one of the forms that are documented for it, and is two of them';
    case 'not':
      return 'must not be of the form that is documented as excluded';
    default:
      return 'must be one of the forms that are documented for it';
  }
}

/** What a value of these types is: "a string or null". Undefined: nothing is said of the type. */
export function describeTypes(types: unknown): string | undefined {
  const names = (Array.isArray(types) ? types : [types]).flatMap((type) => TYPES[String(type)] ?? []);
  const last = names.pop();
  return names.length === 0 ? last : `${names.join(', ')} or ${last ?? ''}`;
}

function describeContains({ minContains, maxContains }: Record<string, unknown>): string {
  const least = `must hold at least ${count(String(minContains), 'item')}`;
  return `${maxContains === undefined ? least : `${least} and at most ${String(Number(maxContains))}`} of the form that is documented for it`;
}

function count(amount: string, noun: string): string {
  return `${amount} ${noun}${amount === '1' ? '' : 's'}`;
}

function listOf(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_VALUES).map((value) => {
    const text = JSON.stringify(value);
    return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
  });
  return values.length > MAX_VALUES ? `${shown.join(', ')}, … (${String(values.length)} in all)` : shown.join(', ');
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number' && Number.isFinite(value)) return 'a number';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}
