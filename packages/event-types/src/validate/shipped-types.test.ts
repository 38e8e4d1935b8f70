import { describe, expect, test } from '@jest/globals';
import { catalog, InvalidEventError, parseJson, type FieldError } from '@tidings/events';
import fc from 'fast-check';
import { checkSchema } from '../schema/check-schema.js';
import type { Contract } from '../contract.js';
import { compileContract } from './compile-contract.js';

const types = catalog.describe().map(({ type, audience, schema, example }) => {
  const contract: Contract = {
    audience,
    ownerField: 'user_id',
    unknownFields: 'refuse',
    schema,
  };
  return { type, contract, example: example as Record<string, unknown> };
});

function errorsOfCatalog(type: string, data: unknown): readonly FieldError[] {
  try {
    catalog.validate([{ type, data }]);
    return [];
  } catch (error) {
    if (error instanceof InvalidEventError) return error.errors;
    throw error;
  }
}

/** The messages by field. The contract says of whole numbers that they must be whole; the catalog says only "a number". */
function byField(errors: readonly FieldError[]): Map<string, Set<string>> {
  const messages = new Map<string, Set<string>>();
  for (const { field, message } of errors) {
    messages.set(field, (messages.get(field) ?? new Set()).add(message.replace('whole number', 'number')));
  }
  return messages;
}

const value = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'alice',
    'a\tb',
    'u'.repeat(256),
    '🎵'.repeat(255),
    '🎵'.repeat(256),
    0,
    -1,
    1.5,
    2 ** 53,
    null,
    true,
  ),
  fc.jsonValue({ maxDepth: 2 }).filter((json) => !/"(?:__proto__)?":/.test(JSON.stringify(json))),
  fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.integer()), { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('artists', 'constructor', 'n'.repeat(256)), fc.oneof(fc.integer(), fc.double(), fc.string())),
);

describe.each(types)('the shipped type $type', ({ type, contract, example }) => {
  const { validate } = compileContract(contract);

  test('has a schema without a fault', () => {
    expect(checkSchema(contract.schema, contract)).toEqual([]);
  });

  test('takes its example', () => {
    expect(validate(example)).toEqual([]);
  });

  test('finds the same wrong fields as the catalog that is compiled in, and says so in its words', () => {
    const data = fc.record(
      Object.fromEntries(Object.entries(example).map(([name, valid]) => [name, fc.oneof(fc.constant(valid), value)])),
      { requiredKeys: [] },
    );
    const other = fc.dictionary(fc.constantFrom('colour', 'constructor', 'toString', 'a b'), fc.integer());
    fc.assert(
      fc.property(
        fc.oneof({ weight: 9, arbitrary: fc.tuple(data, other).map(([known, unknown]) => ({ ...known, ...unknown })) }, value),
        (any) => {
          // What a parser of JSON makes of it: objects of the usual prototype, no NaN.
          const json = parseJson(
            JSON.stringify(any, (_, inner: unknown) =>
              typeof inner === 'string' ? inner.replaceAll(/\p{Surrogate}/gu, '') : inner,
            ),
          );
          const [contract, compiledIn] = [byField(validate(json)), byField(errorsOfCatalog(type, json))];
          expect([...contract.keys()].sort()).toEqual([...compiledIn.keys()].sort());
          for (const [field, messages] of contract) {
            expect([field, [...messages].filter((message) => compiledIn.get(field)?.has(message))]).not.toEqual([field, []]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
