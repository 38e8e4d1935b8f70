import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { checkSchema } from './schema/check-schema.js';
import { KEYWORDS } from './schema/vocabulary.js';
import { compileContract } from './validate/compile-contract.js';

const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true, multipleOfPrecision: 8 });
const EVERYONE = { audience: 'everyone', ownerField: 'user_id' } as const;
const name = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString');
const pattern = fc.constantFrom('^a', 'b$', '[abc]+', '^[a-c]{1,3}$');
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const inner = tie('schema');
  const scalar = fc.record(
    {
      type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'array', 'object', ['string', 'null']),
      minLength: fc.nat(3),
      maxLength: fc.nat(5),
      minimum: fc.integer({ min: -3, max: 3 }),
      exclusiveMaximum: fc.integer({ min: -3, max: 3 }),
      multipleOf: fc.constantFrom(1, 2, 0.5),
      pattern,
      const: fc.jsonValue({ maxDepth: 1 }),
      enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['type'] },
  );
  const all: Record<string, fc.Arbitrary<unknown>> = {
    type: fc.constantFrom('object', 'array'),
    properties: fc.dictionary(name, inner, { maxKeys: 3 }),
    required: fc.uniqueArray(name, { maxLength: 2 }),
    additionalProperties: inner,
    unevaluatedProperties: inner,
    patternProperties: fc.dictionary(pattern, inner, { maxKeys: 1 }),
    propertyNames: inner,
    minProperties: fc.nat(2),
    dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 1 }),
    dependentSchemas: fc.dictionary(name, inner, { maxKeys: 1 }),
    items: inner,
    prefixItems: fc.array(inner, { minLength: 1, maxLength: 2 }),
    contains: inner,
    minItems: fc.nat(2),
    allOf: fc.array(inner, { minLength: 1, maxLength: 2 }),
    anyOf: fc.array(inner, { minLength: 1, maxLength: 3 }),
    oneOf: fc.array(inner, { minLength: 1, maxLength: 3 }),
    not: inner,
    if: inner,
    then: inner,
    else: inner,
    $ref: fc.constantFrom('#/$defs/x', '#/$defs/y'),
  };
  const composite = fc
    .uniqueArray(fc.constantFrom(...Object.keys(all)), { maxLength: 4 })
    .chain((keywords) => fc.record(Object.fromEntries(keywords.map((keyword) => [keyword, all[keyword] ?? fc.constant(true)]))));
  return { schema: fc.oneof({ depthSize: 'small', maxDepth: 4 }, scalar, composite, fc.boolean()) };
});
const legalSchema = fc
  .tuple(
    fc.oneof(schema).filter((one) => typeof one === 'object'),
    schema,
    schema,
  )
  .map(([root, x, y]) => {
    // Definitions that refer to each other would mostly be recursive.
    const $defs = JSON.parse(JSON.stringify({ x, y }, (keyword, value: unknown) => (keyword === '$ref' ? undefined : value)));
    return JSON.parse(JSON.stringify({ ...(root as object), type: 'object', $defs })) as Record<string, unknown>;
  });

const leaf = fc.oneof(fc.constantFrom<unknown>('', 'a', 'ab', 'abcd', '🎵🎵', 0, 1, 2, -0.5, 2.5, true, null), fc.integer());
const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('data'), { maxLength: 3 }),
    fc.dictionary(name, tie('data'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const object = fc.dictionary(name, data, { maxKeys: 4, noNullPrototype: true });

describe('any JSON value as a schema', () => {
  const keyword = fc.constantFrom(...KEYWORDS.keys());
  const odd = fc.dictionary(fc.oneof(keyword, fc.string()), fc.oneof(fc.jsonValue(), schema, keyword), { maxKeys: 5 });

  test('is checked without an exception, and compiles when it has no fault', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          odd,
          odd.map((one) => ({ ...one, type: 'object' })),
          legalSchema,
        ),
        (any) => {
          if (checkSchema(any, EVERYONE).length > 0) return;
          for (const unknownFields of ['keep', 'refuse'] as const) {
            compileContract({ ...EVERYONE, unknownFields, schema: any as Record<string, unknown> }).validate({ a: [1], b: {} });
          }
          expect(ajv.validateSchema(any as object)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a compiled contract', () => {
  test('that keeps unknown fields agrees with plain Ajv', () => {
    let compared = 0;
    fc.assert(
      fc.property(legalSchema, fc.array(object, { minLength: 5, maxLength: 5 }), (legal, samples) => {
        if (checkSchema(legal, EVERYONE).length > 0) return;
        const plain = ajv.compile(legal);
        const { validate } = compileContract({ ...EVERYONE, unknownFields: 'keep', schema: legal });
        const isConfusing = /unevaluated|enum|const/.test(JSON.stringify(legal));
        for (const sample of samples) {
          // Plain Ajv takes `constructor` for a field that has been evaluated, and calls a field `toString` to compare values.
          if (isConfusing && /constructor|toString/.test(JSON.stringify(sample))) continue;
          expect([sample, validate(sample).length === 0]).toEqual([sample, plain(sample)]);
          compared += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('that refuses unknown fields takes nothing that one which keeps them does not', () => {
    fc.assert(
      fc.property(legalSchema, fc.array(object, { minLength: 5, maxLength: 5 }), (legal, samples) => {
        if (checkSchema(legal, EVERYONE).length > 0 || /"(not|oneOf|if|contains|\$ref)"/.test(JSON.stringify(legal))) return;
        const keeping = compileContract({ ...EVERYONE, unknownFields: 'keep', schema: legal });
        const refusing = compileContract({ ...EVERYONE, unknownFields: 'refuse', schema: legal });
        for (const sample of samples) {
          if (refusing.validate(sample).length === 0) expect([sample, keeping.validate(sample)]).toEqual([sample, []]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
