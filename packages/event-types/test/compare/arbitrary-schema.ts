import fc from 'fast-check';
import type { JsonSchema } from '../../src/contract.js';

/** A schema in a space so small that changes of it often matter for data. */
export type Part = JsonSchema | boolean;

/** The fields that schemas and data may have. */
export const NAMES = ['a', 'b', 'c', 'x1'];
const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'];
const VALUES: unknown[] = ['a', 'b', 'ab', '', 1, 2, 1.5, null, true, false, [1], { a: 1 }];

const few = fc.integer({ min: 0, max: 3 });
const number = fc.constantFrom(-1, 0, 0.5, 1, 2, 3);
const name = fc.constantFrom(...NAMES);
const names = fc.uniqueArray(name, { maxLength: 2 });
const optional = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonSchema> =>
  fc.record(model, { requiredKeys: [] });
/** The schema with at most two of the keywords. */
const someOf = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonSchema> =>
  fc
    .tuple(fc.subarray(Object.keys(model), { maxLength: 2 }), fc.record(model))
    .map(([keywords, all]) => Object.fromEntries(keywords.map((keyword) => [keyword, all[keyword]])));

const NUMBER = { minimum: number, maximum: number, exclusiveMinimum: number, exclusiveMaximum: number };
const multipleOf = fc.constantFrom(1, 2, 4, 0.5);
const STRING = { minLength: few, maxLength: few, pattern: fc.constantFrom('^a', 'b$') };

const { part, object } = fc.letrec<{
  part: Part;
  object: JsonSchema;
  leaf: Part;
  array: JsonSchema;
  mixed: JsonSchema;
  logic: JsonSchema;
}>((tie) => {
  const ARRAY = {
    items: tie('part'),
    prefixItems: fc.array(tie('part'), { minLength: 1, maxLength: 2 }),
    minItems: few,
    maxItems: few,
    uniqueItems: fc.boolean(),
    contains: tie('part'),
  };
  const OBJECT = {
    additionalProperties: tie('part'),
    patternProperties: fc.dictionary(fc.constantFrom('^x', '^[ab]'), tie('part'), { minKeys: 1, maxKeys: 1 }),
    minProperties: few,
    maxProperties: few,
    propertyNames: fc.constant({ maxLength: 1 }),
    dependentRequired: fc.dictionary(name, names, { minKeys: 1, maxKeys: 1 }),
    unevaluatedProperties: fc.boolean(),
  };
  const parts = fc.array(tie('part'), { minLength: 1, maxLength: 2 });
  return {
    part: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('object'), tie('array'), tie('mixed'), tie('logic')),
    leaf: fc.oneof(
      { weight: 1, arbitrary: fc.boolean() },
      { weight: 1, arbitrary: fc.constant({}) },
      { weight: 2, arbitrary: fc.constantFrom(...TYPES).map((type) => ({ type })) },
      {
        weight: 2,
        arbitrary: fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 3 }).map((type) => ({ type })),
      },
      { weight: 2, arbitrary: fc.subarray(VALUES, { minLength: 1 }).map((values) => ({ enum: values })) },
      { weight: 1, arbitrary: fc.constantFrom(...VALUES).map((value) => ({ const: value })) },
      { weight: 2, arbitrary: someOf(STRING).map((more) => ({ type: 'string', ...more })) },
      { weight: 2, arbitrary: someOf({ ...NUMBER, multipleOf }).map((more) => ({ type: 'number', ...more })) },
      { weight: 2, arbitrary: someOf({ ...NUMBER, multipleOf }).map((more) => ({ type: 'integer', ...more })) },
      { weight: 1, arbitrary: fc.constantFrom('one', 'two').map((definition) => ({ $ref: `#/$defs/${definition}` })) },
    ),
    array: someOf(ARRAY).map((more) => ({ type: 'array', ...more })),
    object: fc
      .tuple(fc.dictionary(name, tie('part'), { maxKeys: 3 }), fc.option(names), fc.boolean(), someOf(OBJECT), few)
      .map(([properties, required, isTyped, more, rare]) => ({
        ...(isTyped ? { type: 'object' } : {}),
        ...(Object.keys(properties).length > 0 || !isTyped ? { properties } : {}),
        ...(required ? { required } : {}),
        ...(rare === 0 ? more : {}),
      })),
    mixed: fc
      .tuple(
        optional({ type: fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 }) }),
        someOf({ ...STRING, ...NUMBER, ...ARRAY, ...OBJECT }),
      )
      .map(([types, more]) => ({ ...types, ...more })),
    logic: fc.oneof(
      { weight: 3, arbitrary: tie('part').map((one) => ({ anyOf: [one, { type: 'null' }] })) },
      { weight: 2, arbitrary: parts.map((anyOf) => ({ anyOf })) },
      { weight: 1, arbitrary: parts.map((oneOf) => ({ oneOf })) },
      { weight: 1, arbitrary: parts.map((allOf) => ({ allOf })) },
      { weight: 1, arbitrary: tie('part').map((not) => ({ not })) },
      { weight: 1, arbitrary: optional({ if: tie('part'), then: tie('part'), else: tie('part') }) },
      { weight: 1, arbitrary: tie('part').map((one) => ({ $ref: '#/$defs/one', ...(typeof one === 'object' ? one : {}) })) },
    ),
  };
});

/** A part of a schema. */
export const arbitraryPart: fc.Arbitrary<Part> = part;

/** A schema of data, with two definitions that its parts may refer to. */
export const arbitrarySchema: fc.Arbitrary<JsonSchema> = fc
  .tuple(object, part, fc.option(part), fc.nat(3))
  .map(([schema, one, extra, rare]) => ({
    ...(rare === 0 && typeof extra === 'object' ? extra : {}),
    ...schema,
    type: 'object',
    ...definitionsOf(one),
  }));

/** The definitions `one` and `two`. The first may refer to the second. */
export function definitionsOf(one: Part): JsonSchema {
  const withoutRecursion = JSON.stringify(one).replaceAll('#/$defs/one', '#/$defs/two');
  return { $defs: { one: JSON.parse(withoutRecursion) as Part, two: { type: 'string', minLength: 1 } } };
}
