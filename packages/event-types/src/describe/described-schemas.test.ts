import { describe, expect, test } from '@jest/globals';
import type { JsonSchema } from '../contract.js';
import { areExclusive } from './are-exclusive.js';
import { publishedSchema } from './published-schema.js';
import { receivedSchema } from './received-schema.js';
import { toDraft07 } from './to-draft-07.js';

const address = { type: 'object', properties: { city: { type: 'string', 'x-personal': true } } };
const schema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'An order',
  type: 'object',
  properties: { from: { $ref: '#/$defs/address' }, to: { $ref: '#/$defs/address', description: 'Where it goes' } },
  $defs: { address, unused: true },
};

test('the schema for publishers refuses unknown fields at every depth, and keeps what people read', () => {
  const written = publishedSchema({ schema, unknownFields: 'refuse' }, (name) => `#/components/schemas/Order_${name}`);
  expect(written).toEqual({
    schema: {
      title: 'An order',
      type: 'object',
      properties: {
        from: { $ref: '#/components/schemas/Order_address' },
        to: { $ref: '#/components/schemas/Order_address', description: 'Where it goes' },
      },
      additionalProperties: false,
    },
    definitions: { address: { ...address, additionalProperties: false } },
  });
});

test('the schema for publishers is open where the contract keeps unknown fields', () => {
  const { definitions } = publishedSchema({ schema, unknownFields: 'keep' });
  expect(definitions).toEqual({ address });
});

describe('the schema for receivers', () => {
  const received = (part: object) => receivedSchema({ schema: { type: 'object', ...part } });
  const closed = (...names: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, true])),
    additionalProperties: false,
  });
  const open = (...names: string[]) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, true])) });

  test('allows further fields in objects that the contract closes', () => {
    expect(received({ properties: { a: closed('b') }, unevaluatedProperties: false })).toEqual({
      schema: { type: 'object', properties: { a: open('b') } },
      definitions: {},
    });
  });

  test('asks the same questions about a value', () => {
    const questions = { not: closed('a'), if: closed('b'), properties: { list: { contains: closed('c') } } };
    expect(received(questions).schema).toEqual({ type: 'object', ...questions });
  });

  test('has a definition for each use when a question and a field share one', () => {
    const shared = { properties: { a: { $ref: '#/$defs/one' } }, not: { $ref: '#/$defs/one' }, $defs: { one: closed('b') } };
    expect(received(shared)).toEqual({
      schema: { type: 'object', properties: { a: { $ref: '#/$defs/one' } }, not: { $ref: '#/$defs/one_2' } },
      definitions: { one: open('b'), one_2: closed('b') },
    });
  });

  test('lets several alternatives match when only their closed objects told them apart', () => {
    expect(received({ oneOf: [closed('a'), closed('b')] }).schema).toEqual({ type: 'object', anyOf: [open('a'), open('b')] });
    const both = { oneOf: [closed('a'), closed('b')], anyOf: [open('c')] };
    expect(received(both).schema).toEqual({ type: 'object', anyOf: [open('c')], allOf: [{ anyOf: [open('a'), open('b')] }] });
    const byKind = ['x', 'y'].map((kind) => ({ type: 'object', properties: { kind: { const: kind } }, required: ['kind'] }));
    expect(received({ oneOf: byKind }).schema).toEqual({ type: 'object', oneOf: byKind });
  });

  test('refers to parts that are no definitions, whatever their names are', () => {
    const parts = { properties: { 'a/b c': { type: 'string' }, copy: { $ref: '#/properties/a~1b%20c' } } };
    expect(received(parts)).toMatchObject({
      schema: { properties: { copy: { $ref: '#/$defs/a_1b_c' } } },
      definitions: { a_1b_c: { type: 'string' } },
    });
  });
});

const cannot = (keywords: string) => `JSON Schema draft 07 cannot express ${keywords} of the schema.`;

test.each<[string, JsonSchema, JsonSchema]>([
  [
    'tuples',
    { prefixItems: [{ type: 'string' }], items: { type: 'number' } },
    { items: [{ type: 'string' }], additionalItems: { type: 'number' } },
  ],
  ['lists', { items: { type: 'number' } }, { items: { type: 'number' } }],
  [
    'dependencies',
    { dependentRequired: { a: ['b'], c: ['d'] }, dependentSchemas: { c: { required: ['e'] }, f: true } },
    { dependencies: { a: ['b'], c: { allOf: [{ required: ['d'] }, { required: ['e'] }] }, f: true } },
  ],
  [
    'unevaluated fields of one schema',
    { properties: { a: true }, unevaluatedProperties: { type: 'string' } },
    { properties: { a: true }, additionalProperties: { type: 'string' } },
  ],
  ['unevaluated items of one schema', { unevaluatedItems: { type: 'string' } }, { items: { type: 'string' } }],
  ['unevaluated fields that may be anything', { allOf: [true], unevaluatedProperties: true }, { allOf: [true] }],
  [
    'unevaluated fields of several schemas',
    { description: 'All.', allOf: [{ required: ['a'] }], unevaluatedProperties: { type: 'string' } },
    { allOf: [{ required: ['a'] }], description: `All. ${cannot('`unevaluatedProperties`')}` },
  ],
  ['an item that may be absent', { contains: { type: 'string' }, minContains: 0 }, {}],
  [
    'counted items',
    { contains: { type: 'string' }, minContains: 2, maxContains: 3 },
    { contains: { type: 'string' }, description: cannot('`minContains`, `maxContains`') },
  ],
  [
    'a question that draft 07 can only ask in part',
    { not: { contains: true, minContains: 2 }, if: { contains: true, maxContains: 2 }, then: false },
    { description: cannot('`not`, `if`') },
  ],
  [
    'alternatives that draft 07 can only tell apart in part',
    { oneOf: [{ contains: true, maxContains: 1 }, { minItems: 2 }] },
    { anyOf: [{ contains: true, description: cannot('`maxContains`') }, { minItems: 2 }], description: cannot('`oneOf`') },
  ],
])('draft 07 has other words for %s', (_what, source, expected) => {
  expect(toDraft07({ schema: source, definitions: {} })).toEqual({ schema: expected, definitions: {} });
});

test('draft 07 ignores keywords beside a reference, so they stand around it', () => {
  const referring = { properties: { a: { $ref: '#/$defs/b', description: 'A b' }, c: { $ref: '#/$defs/b' } } };
  expect(
    toDraft07({ schema: referring, definitions: { b: { prefixItems: [true] } } }, (name) => `#/definitions/${name}`),
  ).toEqual({
    schema: {
      properties: { a: { description: 'A b', allOf: [{ $ref: '#/definitions/b' }] }, c: { $ref: '#/definitions/b' } },
    },
    definitions: { b: { items: [true] } },
  });
});

test('a question about a definition that draft 07 can only say in part is left out', () => {
  const counted = { contains: true, minContains: 2 };
  const { schema: converted } = toDraft07({ schema: { not: { $ref: '#/$defs/counted' } }, definitions: { counted } });
  expect(converted).toEqual({ description: cannot('`not`') });
});

const ofKind = (...kinds: unknown[]) => ({ type: 'object', properties: { kind: { enum: kinds } }, required: ['kind'] });

test.each<[boolean, unknown[]]>([
  [true, [{ type: 'string' }, { type: ['number', 'null'] }]],
  [false, [{ type: 'integer' }, { type: 'number' }]],
  [false, [{ type: 'string' }, {}]],
  [false, [true, { type: 'null' }]],
  [true, [ofKind('a', 'b'), ofKind('c')]],
  [true, [ofKind('1'), ofKind(1)]],
  [false, [ofKind('a', 'b'), ofKind('b')]],
  [false, [ofKind('a'), { ...ofKind('b'), required: [] }]],
  [false, [ofKind({ a: 1 }), ofKind({ b: 1 })]],
  [true, [ofKind('a'), { $ref: '#/b' }]],
])('%s: the alternatives exclude each other: %j', (expected, alternatives) => {
  expect(areExclusive(alternatives, () => ofKind('b'))).toBe(expected);
});
