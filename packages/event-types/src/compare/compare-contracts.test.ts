import { describe, expect, test } from '@jest/globals';
import type { Contract, JsonSchema } from '../contract.js';
import { compareContracts } from './compare-contracts.js';

const PRICE = { type: 'number' };
const NAME = { type: 'string' };

/** A contract for data with the given fields, none of them required. */
const withFields = (properties: JsonSchema, more: JsonSchema & Partial<Contract> = {}): Contract => {
  const { unknownFields = 'refuse', audience = 'everyone', ownerField = 'user_id', ...schema } = more;
  return { audience, ownerField, unknownFields, schema: { type: 'object', properties, ...schema } };
};
const withField = (price: unknown, more: JsonSchema & Partial<Contract> = {}): Contract => withFields({ price }, more);
const keep = { unknownFields: 'keep' } as const;
const owner = { audience: 'owner' } as const;

/** The changes as `path kind breaks`. */
const changes = (before: Contract, after: Contract): string[] =>
  compareContracts(before, after).map(({ path, kind, breaks }) => `${path} ${kind} ${breaks.join('+') || 'nobody'}`);

interface Row {
  rule: string;
  before: Contract;
  after: Contract;
  change: string;
}
const row = (rule: string, before: Contract, after: Contract, change: string): Row => ({ rule, before, after, change });
const field = (rule: string, before: unknown, after: unknown, change: string): Row =>
  row(rule, withField(before), withField(after), `data.price ${change}`);

describe('publishers break when', () => {
  test.each([
    row(
      'a required field is added',
      withFields({}),
      withField(PRICE, { required: ['price'] }),
      'data.price field_added publishers',
    ),
    row(
      'an optional field becomes required',
      withField(PRICE),
      withField(PRICE, { required: ['price'] }),
      'data.price field_required publishers',
    ),
    row(
      'a field is added where unknown fields are kept',
      withFields({}, keep),
      withField(PRICE, keep),
      'data.price field_added publishers',
    ),
    row(
      'unknown fields are refused',
      withField(PRICE, keep),
      withField(PRICE),
      'unknown_fields unknown_fields_refused publishers',
    ),
    row(
      'unknown fields of one object are refused',
      withField(PRICE, { additionalProperties: true }),
      withField(PRICE),
      'data unknown_fields_refused publishers',
    ),
    field('a value is removed from an enum', { enum: ['a', 'b'] }, { enum: ['a'] }, 'enum_shrunk publishers'),
    field('null is removed from an enum', { enum: ['a', null] }, { enum: ['a'] }, 'enum_shrunk publishers'),
    field('an enum becomes a const', { enum: ['a', 'b'] }, { const: 'b' }, 'enum_shrunk publishers'),
    field('true is all that is left of a boolean', { type: 'boolean' }, { const: true }, 'enum_shrunk publishers'),
    field('a text gets a list of values', NAME, { enum: ['a'] }, 'field_narrowed publishers'),
    field('a text must be longer', NAME, { type: 'string', minLength: 1 }, 'field_narrowed publishers'),
    field(
      'a text must be shorter',
      { type: 'string', maxLength: 9 },
      { type: 'string', maxLength: 8 },
      'field_narrowed publishers',
    ),
    field(
      'a number must be greater',
      { type: 'number', minimum: 0 },
      { type: 'number', exclusiveMinimum: 0 },
      'field_narrowed publishers',
    ),
    field('a number must be less', PRICE, { type: 'number', maximum: 5 }, 'field_narrowed publishers'),
    field('a number must be whole', PRICE, { type: 'integer' }, 'field_narrowed publishers'),
    field('a number must be a multiple', PRICE, { type: 'number', multipleOf: 0.01 }, 'field_narrowed publishers'),
    field(
      'a multiple is of a greater number',
      { type: 'integer', multipleOf: 2 },
      { type: 'integer', multipleOf: 4 },
      'field_narrowed publishers',
    ),
    field('null is refused', { type: ['number', 'null'] }, PRICE, 'field_narrowed publishers'),
    field('a field that may be anything gets a type', true, NAME, 'field_narrowed publishers'),
    field('a field may be nothing', NAME, false, 'field_removed publishers+receivers'),
    field('a list must have more items', { type: 'array' }, { type: 'array', minItems: 1 }, 'field_narrowed publishers'),
    field(
      'a list may have fewer items',
      { type: 'array', maxItems: 3 },
      { type: 'array', maxItems: 2 },
      'field_narrowed publishers',
    ),
    field('items must be unique', { type: 'array' }, { type: 'array', uniqueItems: true }, 'field_narrowed publishers'),
    row(
      'an object must have more fields',
      withField(PRICE, { minProperties: 0 }),
      withField(PRICE, { minProperties: 1 }),
      'data field_narrowed publishers',
    ),
    row(
      'an object may have fewer fields',
      withFields({ price: PRICE, name: NAME }),
      withFields({ price: PRICE, name: NAME }, { maxProperties: 1 }),
      'data field_narrowed publishers',
    ),
  ])('$rule', ({ before, after, change }) => {
    expect(changes(before, after)).toEqual([change]);
  });
});

describe('receivers break when', () => {
  test.each([
    row(
      'a field is removed where unknown fields are kept',
      withField(PRICE, keep),
      withFields({}, keep),
      'data.price field_removed receivers',
    ),
    row(
      'a required field becomes optional',
      withField(PRICE, { required: ['price'] }),
      withField(PRICE),
      'data.price field_optional receivers',
    ),
    row('unknown fields are kept', withField(PRICE), withField(PRICE, keep), 'unknown_fields unknown_fields_kept receivers'),
    row(
      'unknown fields of one object are kept',
      withField(PRICE),
      withField(PRICE, { additionalProperties: NAME }),
      'data unknown_fields_kept receivers',
    ),
    row('the audience grows', withField(PRICE, owner), withField(PRICE), 'audience audience_changed receivers'),
    field('a value is added to an enum', { enum: ['a'] }, { enum: ['a', 'b'] }, 'enum_grown receivers'),
    field('a const becomes an enum', { const: 1 }, { enum: [1, 'a'] }, 'enum_grown receivers'),
    field('a list of values becomes a text', { enum: ['a'] }, NAME, 'field_widened receivers'),
    field('a text may be shorter', { type: 'string', minLength: 2 }, { type: 'string', minLength: 1 }, 'field_widened receivers'),
    field('a text may be longer', { type: 'string', maxLength: 8 }, NAME, 'field_widened receivers'),
    field('a number may be less', { type: 'number', minimum: 0 }, { type: 'number', minimum: -1 }, 'field_widened receivers'),
    field(
      'a number may be equal to its bound',
      { type: 'number', exclusiveMaximum: 5 },
      { type: 'number', maximum: 5 },
      'field_widened receivers',
    ),
    field('a number need not be whole', { type: 'integer' }, PRICE, 'field_widened receivers'),
    field(
      'a number need not be a multiple',
      { type: 'integer', multipleOf: 4 },
      { type: 'integer', multipleOf: 2 },
      'field_widened receivers',
    ),
    field('null is allowed', PRICE, { anyOf: [PRICE, { type: 'null' }] }, 'field_widened receivers'),
    field('another type is allowed', PRICE, { type: ['number', 'string'] }, 'field_widened receivers'),
    field(
      'a list may have more items',
      { type: 'array', maxItems: 2 },
      { type: 'array', maxItems: 3 },
      'field_widened receivers',
    ),
    field('a list may have fewer items', { type: 'array', minItems: 1 }, { type: 'array' }, 'field_widened receivers'),
    field('a list of places gets one more', tuple(PRICE), tuple(PRICE, NAME), 'field_widened receivers'),
    field('items need not be unique', { type: 'array', uniqueItems: true }, { type: 'array' }, 'field_widened receivers'),
    row(
      'an object may have fewer fields',
      withField(PRICE, { minProperties: 1 }),
      withField(PRICE),
      'data field_widened receivers',
    ),
    row(
      'a new field alone may satisfy minProperties',
      withField(PRICE, { minProperties: 1 }),
      withFields({ price: PRICE, name: NAME }, { minProperties: 1 }),
      'data.name field_added receivers',
    ),
  ])('$rule', ({ before, after, change }) => {
    expect(changes(before, after)).toEqual([change]);
  });
});

function tuple(...prefixItems: unknown[]): JsonSchema {
  return { type: 'array', prefixItems, items: false };
}

describe('both break when', () => {
  test.each([
    row(
      'a field is removed where unknown fields are refused',
      withField(PRICE),
      withFields({}),
      'data.price field_removed publishers+receivers',
    ),
    row(
      'a field is removed, and fields that the schema does not name are of another type',
      withField(PRICE, { additionalProperties: NAME }),
      withFields({}, { additionalProperties: NAME }),
      'data.price field_removed publishers+receivers',
    ),
    row(
      'only the owner sees the event',
      withField(PRICE),
      withField(PRICE, owner),
      'audience audience_changed publishers+receivers',
    ),
    row(
      'another field names the owner',
      withField(PRICE, owner),
      withField(PRICE, { ...owner, ownerField: 'org_id' }),
      'owner_field owner_field_changed publishers+receivers',
    ),
    row(
      'a field is added to an object with limits that cannot be compared',
      withField(PRICE, { not: { required: ['name'] } }),
      withFields({ price: PRICE, name: NAME }, { not: { required: ['name'] } }),
      'data.name field_added publishers+receivers',
    ),
    row(
      'a field is added where fields that the schema does not name are objects',
      withFields({}, { additionalProperties: { type: 'object' } }),
      withField({ type: 'object' }, { additionalProperties: { type: 'object' } }),
      'data.price field_added publishers+receivers',
    ),
    row(
      'fields get a pattern',
      withField(PRICE),
      withField(PRICE, { patternProperties: { '^x-': NAME } }),
      'data./^x-/ undecided publishers+receivers',
    ),
    row(
      'the root may be nothing that it was',
      withField(PRICE),
      { ...withFields({}), schema: { $ref: '#/x' } },
      'data undecided publishers+receivers',
    ),
    field('the type changes', PRICE, NAME, 'field_type_changed publishers+receivers'),
    field(
      'one of two types changes',
      { type: ['number', 'null'] },
      { type: ['string', 'null'] },
      'field_type_changed publishers+receivers',
    ),
    field('an enum gets values of another type', { enum: ['a'] }, { enum: [1] }, 'field_type_changed publishers+receivers'),
    field(
      'a multiple is of a part',
      { type: 'number', multipleOf: 0.1 },
      { type: 'number', multipleOf: 0.3 },
      'undecided publishers+receivers',
    ),
    field('a list of lists becomes a list', { enum: [[1]] }, { type: 'array', maxItems: 1 }, 'undecided publishers+receivers'),
    ...Object.entries({
      pattern: ['^a', '^b'],
      format: ['date', 'email'],
      oneOf: [
        [PRICE, NAME],
        [PRICE, { type: 'null' }],
      ],
      anyOf: [
        [PRICE, { type: 'integer' }],
        [PRICE, { type: 'number', minimum: 3 }],
      ],
      allOf: [
        [PRICE, { minimum: 3 }],
        [PRICE, { minimum: 4 }],
      ],
      not: [{ const: 1 }, { const: 2 }],
      if: [PRICE, NAME],
      contains: [PRICE, NAME],
      propertyNames: [{ maxLength: 3 }, { maxLength: 2 }],
      dependentRequired: [{ a: ['b'] }, { b: ['a'] }],
      dependentSchemas: [{ a: PRICE }, { b: PRICE }],
      unevaluatedProperties: [false, true],
      unevaluatedItems: [false, true],
      contentEncoding: ['base64', 'base32'],
      unheardOf: [1, 2],
    }).map(([keyword, [before, after]]) =>
      field(`${keyword} changes`, { [keyword]: before }, { [keyword]: after }, 'undecided publishers+receivers'),
    ),
  ])('$rule', ({ before, after, change }) => {
    expect(changes(before, after)).toEqual([change]);
  });

  test('then changes beside if', () => {
    const [before, after] = [PRICE, NAME].map((then) => withField({ if: { type: 'object' }, then }));
    expect(changes(before as Contract, after as Contract)).toEqual(['data.price undecided publishers+receivers']);
  });
});

describe('nobody breaks when', () => {
  test.each([
    row(
      'an optional field is added where unknown fields are refused',
      withFields({}),
      withField(PRICE),
      'data.price field_added nobody',
    ),
    field(
      'the documentation changes',
      PRICE,
      { ...PRICE, title: 'Price', examples: [3], deprecated: true },
      'documentation_changed nobody',
    ),
    field('a field becomes personal', PRICE, { ...PRICE, 'x-personal': true }, 'personal_changed nobody'),
  ])('$rule', ({ before, after, change }) => {
    expect(changes(before, after)).toEqual([change]);
  });
});

describe('nothing differs when a schema is written in another way:', () => {
  test.each<[string, unknown, unknown]>([
    ['a list of one type', { type: 'string' }, { type: ['string'] }],
    ['types in another order', { type: ['string', 'null'] }, { type: ['null', 'string'] }],
    ['const', { const: 1 }, { enum: [1] }],
    ['values in another order', { enum: [1, { a: 1, b: 2 }] }, { enum: [{ b: 2, a: 1 }, 1] }],
    ['the type of values', { enum: ['a', 'b'] }, { type: 'string', enum: ['a', 'b'] }],
    ['values that are no texts', { type: 'string', enum: ['a'] }, { type: 'string', enum: ['a', 1] }],
    ['values that are too long', { enum: ['a'] }, { enum: ['a', 'bb'], maxLength: 1 }],
    ['all values of a boolean', { type: 'boolean' }, { enum: [true, false] }],
    ['bounds of whole numbers', { type: 'integer', minimum: 0 }, { type: 'integer', exclusiveMinimum: -1 }],
    ['bounds between whole numbers', { type: 'integer', maximum: 4 }, { type: 'integer', maximum: 4.5 }],
    ['two bounds', { type: 'number', minimum: 2 }, { type: 'number', minimum: 2, exclusiveMinimum: 1 }],
    ['integer is a number', { type: ['integer', 'number'] }, { type: 'number' }],
    ['a least length of 0', { type: 'string', minLength: 0 }, { type: 'string' }],
    ['no unique items', { type: 'array', uniqueItems: false }, { type: 'array' }],
    ['true', true, {}],
    ['items that may be anything', { type: 'array', items: true }, { type: 'array' }],
    ['no items', { type: 'array', items: false }, { type: 'array', maxItems: 0 }],
    ['no required fields', { type: 'object', required: [] }, { type: 'object' }],
    ['refused fields', { type: 'object', additionalProperties: false }, { type: 'object' }],
    ['a field that is refused', { type: 'object', properties: { a: false } }, { type: 'object' }],
    ['null by anyOf', { anyOf: [{ type: 'string' }, { type: 'null' }] }, { type: ['string', 'null'] }],
    ['objects or null', { anyOf: [{ type: 'object' }, { type: 'null' }] }, { type: ['object', 'null'] }],
    ['values by anyOf', { anyOf: [{ const: 'a' }, { const: 'b' }] }, { enum: ['a', 'b'] }],
    ['allOf of one', { allOf: [{ type: 'string' }] }, { type: 'string' }],
    ['oneOf of one', { oneOf: [{ type: 'string' }] }, { type: 'string' }],
    ['a reference', { $ref: '#/$defs/name' }, { type: 'string', minLength: 1 }],
    ['a reference to a reference', { $ref: '#/$defs/alias' }, { type: 'string', minLength: 1 }],
    ['a reference by the place', { $ref: '#/properties/other' }, { type: 'null' }],
    ['a reference with other characters', { $ref: '#/$defs/a~1b%20c' }, { type: 'number' }],
    [
      'a reference with limits',
      { $ref: '#/$defs/name', maxLength: 3 },
      { maxLength: 3, allOf: [{ minLength: 1, type: 'string' }] },
    ],
    ['annotations of a reference', { $ref: '#/$defs/name', title: 'A' }, { type: 'string', minLength: 1, title: 'A' }],
    ['limits of other types', { type: 'string' }, { type: 'string', minimum: 1, items: false, required: ['a'], minItems: 3 }],
    ['values within keywords that cannot be compared', { not: { const: 1 } }, { not: { enum: [1], description: 'no 1' } }],
    ['a silent keyword', { type: 'string' }, { type: 'string', $comment: 'why', 'x-order': 3 }],
  ])('%s', (_, one, other) => {
    const more = {
      $defs: { name: { minLength: 1, type: 'string' }, alias: { $ref: '#/$defs/name' }, 'a/b c': { type: 'number' } },
    };
    const [before, after] = [one, other].map((price) => withFields({ price, other: { type: 'null' } }, more)) as [
      Contract,
      Contract,
    ];
    expect(compareContracts(before, after)).toEqual([]);
    expect(compareContracts(after, before)).toEqual([]);
  });

  test('fields and keywords in another order', () => {
    const before = withFields({ price: PRICE, name: NAME }, { required: ['price', 'name'] });
    const after = {
      ...before,
      schema: { required: ['name', 'price'], properties: { name: NAME, price: PRICE }, type: 'object' },
    };
    expect(compareContracts(before, after)).toEqual([]);
  });

  test('the owner field counts only for events of an owner', () => {
    expect(compareContracts(withField(PRICE), withField(PRICE, { ownerField: 'org_id' }))).toEqual([]);
  });

  test('what becomes of unknown fields counts only where the schema does not say it', () => {
    const closed = withField({ type: 'string', pattern: '^a' }, { additionalProperties: false });
    expect(compareContracts(closed, { ...closed, unknownFields: 'keep' })).toEqual([]);
  });
});

describe('a path', () => {
  test.each<[string, (part: unknown) => unknown]>([
    ['data.price.amount', (part) => ({ type: 'object', properties: { amount: part } })],
    ['data.price[]', (part) => ({ type: 'array', items: part })],
    ['data.price[1]', (part) => ({ type: 'array', prefixItems: [true, part] })],
    ['data.price[].amount', (part) => ({ type: ['array', 'null'], items: { type: 'object', properties: { amount: part } } })],
    ['data.price["unit price"]', (part) => ({ type: 'object', properties: { 'unit price': part } })],
    [
      'data.price.__proto__',
      (part) => ({ type: 'object', properties: JSON.parse(JSON.stringify({ x: part }).replace('x', '__proto__')) }),
    ],
    ['data.price.*', (part) => ({ type: 'object', additionalProperties: part })],
    ['data.price./^x-/', (part) => ({ type: 'object', patternProperties: { '^x-': part } })],
    ['data.price', (part) => ({ anyOf: [part, { type: 'null' }] })],
  ])('%s names the place at any depth', (path, wrap) => {
    expect(changes(withField(wrap(PRICE)), withField(wrap(NAME)))).toEqual([`${path} field_type_changed publishers+receivers`]);
  });

  test('what the contract says of unknown fields is named once for all objects', () => {
    const nested = withField({ type: 'array', items: { type: 'object', properties: { a: { type: 'object' } } } });
    expect(changes(nested, { ...nested, unknownFields: 'keep' })).toEqual(['unknown_fields unknown_fields_kept receivers']);
  });
});

describe('a reference that cannot be followed', () => {
  const recursive = { type: 'object', properties: { child: { $ref: '#' } } };
  const refs = (schema: JsonSchema): Contract => ({ ...withFields({}), schema });

  test.each<[string, JsonSchema]>([
    ['recursive', recursive],
    [
      'by definitions that name each other',
      { $ref: '#/$defs/a', $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { items: { $ref: '#/$defs/a' } } } },
    ],
    ['remote', { $ref: 'https://example.com/schema' }],
    ['missing', { $ref: '#/$defs/missing' }],
    ['by an anchor', { $ref: '#name', $defs: { a: { $anchor: 'name' } } }],
    ['malformed', { $ref: '#/%' }],
    ['dynamic', { properties: { a: { $dynamicRef: '#a' } } }],
    ['that doubles at each step', doubling(40)],
  ])('%s, is no change by itself, and any change of its schema is undecided', (_, schema) => {
    expect(changes(refs(schema), refs({ ...schema }))).toEqual([]);
    expect(changes(refs(schema), refs({ ...schema, minProperties: 1 }))).toEqual(['data undecided publishers+receivers']);
  });

  test('is decided by what is behind it', () => {
    const [before, after] = [PRICE, NAME].map((price) => withField({ $ref: '#/$defs/price' }, { $defs: { price } }));
    expect(changes(before as Contract, after as Contract)).toEqual(['data.price field_type_changed publishers+receivers']);
  });
});

function doubling(steps: number): JsonSchema {
  const names = Array.from({ length: steps }, (_, index) => `a${String(index)}`);
  const step = (index: number): JsonSchema => ({ prefixItems: [1, 2].map(() => ({ $ref: `#/$defs/a${String(index + 1)}` })) });
  return {
    $ref: '#/$defs/a0',
    $defs: { ...Object.fromEntries(names.map((name, index) => [name, step(index)])), [`a${String(steps)}`]: {} },
  };
}

describe('a message', () => {
  test.each<[Contract, Contract, string]>([
    [
      withFields({}),
      withField(PRICE, { required: ['price'] }),
      'The required field was added: publishers that do not send it are refused.',
    ],
    [
      withField(PRICE),
      withFields({}),
      'The field was removed: receivers that need it may not get it, and publishers that still send it are refused.',
    ],
    [
      withField({ type: 'string', maxLength: 80 }),
      withField({ type: 'string', maxLength: 40 }),
      'The greatest length of the text (maxLength) changed from 80 to 40, so that it allows less: publishers that send other values are refused.',
    ],
    [
      withField({ enum: Array.from({ length: 10_000 }, (_, index) => index) }),
      withField({ enum: [0] }),
      '1, 2, 3, 4, 5 and 9994 more were removed from the allowed values: publishers that send them are refused.',
    ],
  ])('says what changed, whom it breaks and why', (before, after, message) => {
    expect(compareContracts(before, after).map((change) => change.message)).toEqual([message]);
  });
});
