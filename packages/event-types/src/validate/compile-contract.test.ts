import { describe, expect, test } from '@jest/globals';
import type { Contract } from '../contract.js';
import { compileContract } from './compile-contract.js';

const contractOf = (schema: object, unknownFields: Contract['unknownFields'] = 'refuse'): Contract => ({
  audience: 'everyone',
  ownerField: 'user_id',
  unknownFields,
  schema: { type: 'object', ...schema },
});
const errorsOf = (schema: object, data: unknown, unknownFields?: Contract['unknownFields']) =>
  compileContract(contractOf(schema, unknownFields))
    .validate(data)
    .map(({ field, message }) => `${field} ${message}`);
const object = (...names: string[]) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, true])) });

describe('an unknown field', () => {
  test.each<[string, object, unknown, string[]]>([
    ['at the top', object('a'), { a: 1, b: 2 }, ['data.b']],
    ['of a field', { properties: { a: object('b') } }, { a: { b: 1, c: 2 } }, ['data.a.c']],
    ['of an item', { properties: { a: { type: 'array', items: object('b') } } }, { a: [{ b: 1 }, { c: 1 }] }, ['data.a[1].c']],
    ['of a member of any name', { additionalProperties: object('b') }, { x: { c: 1 } }, ['data.x.c']],
    [
      'of a schema by $ref',
      { properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: object('b') } },
      { a: { c: 1 } },
      ['data.a.c'],
    ],
    ['of an object of which no field is named', { properties: { a: { type: 'object' } } }, { a: { b: 1 } }, ['data.a.b']],
    [
      'beside allOf',
      { ...object('a'), allOf: [object('b'), { properties: { c: object('d') } }] },
      { a: 1, b: 1, c: { d: 1, e: 1 } },
      ['data.c.e'],
    ],
    ['that no member of allOf names', { allOf: [object('a'), object('b')] }, { a: 1, b: 1, c: 1 }, ['data.c']],
    [
      'of the branch that holds',
      {
        anyOf: [
          { ...object('a'), required: ['a'] },
          { ...object('b'), required: ['b'] },
        ],
      },
      { a: 1, c: 1 },
      ['data.c'],
    ],
    [
      'of a branch of oneOf',
      {
        properties: { kind: true },
        oneOf: [{ properties: { kind: { const: 'x' }, x: true } }, { properties: { kind: { const: 'y' }, y: true } }],
      },
      { kind: 'x', y: 1 },
      ['data.y'],
    ],
    [
      'where a condition does not hold',
      { ...object('a'), if: { required: ['a'] }, then: object('b'), else: object('c') },
      { a: 1, c: 1 },
      ['data.c'],
    ],
    [
      'of a field that two members of allOf describe',
      { allOf: [{ properties: { a: object('b') } }, { properties: { a: object('c') } }] },
      { a: { b: 1, c: 1, d: 1 } },
      ['data.a.d'],
    ],
    [
      'of items that two members of allOf describe, one by $ref',
      {
        properties: { l: { allOf: [{ $ref: '#/$defs/base' }, { items: object('c') }] } },
        $defs: { base: { type: 'array', items: object('b') } },
      },
      { l: [{ b: 1, c: 1, d: 1 }] },
      ['data.l[0].d'],
    ],
    [
      'named like a part of JavaScript',
      object('a'),
      { constructor: 1, toString: 2, a: 1 },
      ['data.constructor', 'data.toString'],
    ],
    [
      'named like a part of JavaScript, beside anyOf',
      { anyOf: [object('a')] },
      { constructor: 1, valueOf: 2 },
      ['data.constructor', 'data.valueOf'],
    ],
    ['named __proto__', object('a'), JSON.parse('{"__proto__":{"a":1}}'), ['data.__proto__']],
  ])('%s is refused, and kept by a contract that keeps them', (_, schema, data, fields) => {
    expect(errorsOf(schema, data)).toEqual(fields.map((field) => `${field} is not a known field`));
    expect(errorsOf(schema, data, 'keep')).toEqual([]);
  });

  test.each<[string, object, unknown]>([
    ['additionalProperties is true', { additionalProperties: true }, { a: 1 }],
    ['additionalProperties is true in a part', { allOf: [{ additionalProperties: true }] }, { a: 1 }],
    [
      'additionalProperties is true in a field',
      { properties: { a: { type: 'object', additionalProperties: true } } },
      { a: { b: 1 } },
    ],
    ['unevaluatedProperties is true', { unevaluatedProperties: true }, { a: 1 }],
    ['patternProperties names it', { patternProperties: { '^x_': true } }, { x_a: 1 }],
    [
      'the schema says nothing of objects',
      { properties: { a: {}, b: true, c: { anyOf: [true] } } },
      { a: { x: 1 }, b: { x: 1 }, c: { x: 1 } },
    ],
    [
      'a question is asked about it',
      { ...object('a', 'b'), not: { properties: { a: { const: 1 } }, required: ['a'] } },
      { a: 2, b: 1 },
    ],
    [
      'a list must contain it',
      { properties: { l: { items: object('a', 'b'), contains: object('a') } } },
      { l: [{ a: 1, b: 1 }] },
    ],
  ])('is kept where %s', (_, schema, data) => {
    expect(errorsOf(schema, data)).toEqual([]);
  });
});

test('unknown fields of an object that several schemas describe are named once these hold', () => {
  const schema = { allOf: [{ properties: { a: { properties: { n: { type: 'number' } } }, b: true } }, object('c')] };
  expect(errorsOf(schema, { a: { n: 'x' }, b: 1, d: 1 })).toEqual(['data.a.n must be a number, not a string']);
  expect(errorsOf(schema, { a: { n: 1 }, b: 1, d: 1 })).toEqual(['data.d is not a known field']);
});

test.each<[string, object, object]>([
  ['a branch that does not hold', { ...object('b'), required: ['b'] }, { a: 1, ab: 1 }],
  ['a branch that knows all fields', { additionalProperties: { type: 'integer' } }, { a: 1, c: 1 }],
])('fields that a pattern names are known beside %s', (_, branch, data) => {
  const schema = { anyOf: [branch, { required: ['a'] }], patternProperties: { '^a': true } };
  expect(errorsOf(schema, data)).toEqual([]);
});

test('items that are asked for by contains are known', () => {
  const schema = { properties: { a: { type: 'array', contains: { const: 1 }, unevaluatedItems: false } } };
  expect(errorsOf(schema, { a: [2, 1] })).toEqual([]);
});

describe('names that JavaScript gives a meaning', () => {
  test('are missing when they are not there', () => {
    expect(
      errorsOf({ properties: { constructor: { type: 'string' } }, required: ['constructor', 'toString'] }, {}, 'keep'),
    ).toEqual(['data.constructor is missing: it must be a string', 'data.toString is missing']);
  });

  test('are checked when they are', () => {
    expect(errorsOf({ properties: { constructor: { type: 'string' } } }, { constructor: 1 })).toEqual([
      'data.constructor must be a string, not a number',
    ]);
    expect(errorsOf({ properties: { a: { const: { toString: 1 } } } }, { a: { toString: 1 } })).toEqual([]);
  });
});

describe('a value', () => {
  const field = (schema: object, a: unknown) => errorsOf({ properties: { a: schema } }, { a }, 'keep');

  test.each<[object, unknown]>([
    [{ type: 'integer' }, 1.0],
    [{ maxLength: 2 }, '🎵🎵'],
    [{ minLength: 2 }, '🎵🎵'],
    [{ multipleOf: 0.1 }, 0.3],
    [{ multipleOf: 0.01 }, 4.35],
    [{ type: 'string', pattern: '^[^\\p{C}]{1,3}$' }, '🎵🎵🎵'],
    [{ type: 'array', uniqueItems: true, maxItems: 9 }, [1, '1', true, 'true', null, [1], ['1'], '[1]']],
    [{ enum: [{ a: 1, b: [2] }] }, { b: [2], a: 1 }],
    [{ format: 'date-time' }, '2026-11-30T04:00:00Z'],
    [{ format: 'date-time' }, '2016-12-31T23:59:60+00:00'],
    [{ format: 'date' }, '2024-02-29'],
    [{ format: 'email' }, 'alice@example.com'],
    [{ format: 'uri' }, 'https://example.com/a?b#c'],
    [{ format: 'ipv6' }, '::ffff:192.0.2.1'],
    [{ format: 'ipv6' }, '2001:db8::'],
    [{ format: 'uuid' }, '01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d'],
  ])('%j allows %j', (schema, value) => {
    expect(field(schema, value)).toEqual([]);
  });

  test.each<[object, unknown, string]>([
    [{ type: 'integer' }, '1', 'must be a whole number, not a string'],
    [{ type: 'integer' }, 1.5, 'must be a whole number, not a number'],
    [{ type: ['string', 'null'] }, 1, 'must be a string or null, not a number'],
    [{ type: 'boolean' }, null, 'must be true or false, not null'],
    [{ maxLength: 1 }, '🎵🎵', 'must be at most 1 character long'],
    [{ minLength: 3 }, '🎵🎵', 'must be at least 3 characters long'],
    [{ minimum: 1 }, 0, 'must be at least 1'],
    [{ exclusiveMinimum: 1 }, 1, 'must be more than 1'],
    [{ exclusiveMaximum: 1 }, 1, 'must be less than 1'],
    [{ multipleOf: 0.1 }, 0.35, 'must be a multiple of 0.1'],
    [{ multipleOf: 2 }, 2 ** 53 - 1, 'must be a multiple of 2'],
    [{ enum: ['a', 1, null] }, 'b', 'must be one of "a", 1, null'],
    [{ const: 'a' }, 'b', 'must be "a"'],
    [{ pattern: '^a' }, 'b', 'must match /^a/u'],
    [{ pattern: '^[a-z]{2,3}$' }, 'abcd', 'must match /^[a-z]{2,3}$/u'],
    [{ items: true, maxItems: 1 }, [1, 2], 'must hold at most 1 item'],
    [{ prefixItems: [true], items: false }, [1, 2], 'must hold at most 1 item'],
    [{ minProperties: 1 }, {}, 'must hold at least 1 member'],
    [{ uniqueItems: true, maxItems: 9 }, [0, [1], { a: 1 }, [1]], 'must hold different items: [1] and [3] are the same'],
    [{ contains: { const: 1 } }, [2, 3], 'must hold at least 1 item of the form that is documented for it'],
    [{ format: 'date' }, '2026-02-29', 'must be a valid date'],
    [{ format: 'date-time' }, '2026-11-30T04:00:00', 'must be a valid date-time'],
    [{ format: 'email' }, 'alice@', 'must be a valid email'],
    [{ format: 'uri' }, '/path', 'must be a valid uri'],
    [{ format: 'ipv4' }, '192.0.2.256', 'must be a valid ipv4'],
    [{ format: 'ipv6' }, '1::2::3', 'must be a valid ipv6'],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, null, 'must be one of the forms that are documented for it'],
    [{ oneOf: [true, { type: 'string' }] }, 'a', 'must be only one of the forms that are documented for it, and is two of them'],
    [{ anyOf: [{ type: 'string', maxLength: 1 }, { type: 'null' }] }, 'ab', 'must be at most 1 character long'],
    [{ not: { type: 'string' } }, 'a', 'must not be of the form that is documented as excluded'],
  ])('%j refuses %j in plain words', (schema, value, message) => {
    expect(field(schema, value)).toEqual([`data.a ${message}`]);
  });

  test('that a condition asks for is missing', () => {
    expect(errorsOf({ if: { required: ['a'] }, then: { required: ['b'] } }, { a: 1 }, 'keep')).toEqual(['data.b is missing']);
    expect(errorsOf({ dependentRequired: { a: ['b'] } }, { a: 1 }, 'keep')).toEqual(['data.b is missing, as "a" is there']);
  });

  test('is found at its place', () => {
    const schema = { properties: { items: { type: 'array', items: { properties: { 'unit price': { type: 'number' } } } } } };
    expect(errorsOf(schema, { items: [{}, { 'unit price': '1' }] })).toEqual([
      'data.items[1]["unit price"] must be a number, not a string',
    ]);
  });
});

test('the owner is named by 1 to 255 characters, whatever the schema says', () => {
  const { validate } = compileContract({
    ...contractOf({ properties: { org_id: { type: 'string' } }, required: ['org_id'] }),
    audience: 'owner',
    ownerField: 'org_id',
  });
  expect(validate({ org_id: 'acme' })).toEqual([]);
  expect(validate({ org_id: 'a\u0000' })).toEqual([
    { field: 'data.org_id', message: 'must be 1 to 255 characters without control characters' },
  ]);
});

test('data with a thousand wrong fields has a hundred of them named', () => {
  const { validate } = compileContract(contractOf({ properties: { a: { type: 'array', items: { type: 'string' } } } }));
  expect(validate({ a: Array.from({ length: 1000 }, () => 1) })).toHaveLength(100);
});
