import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { jsonSchemas } from './json-schemas.js';
import { normalizeContract, normalizeSchema } from './normalize-schema.js';

const bounds = { minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

test.each([
  [
    { type: 'integer', ...bounds },
    { type: 'integer', format: 'int64', ...bounds },
    { type: 'integer', format: 'int64' },
  ],
  [
    { type: 'integer', minimum: 1, maximum: 200 },
    { type: 'integer', format: 'int32', minimum: 1, maximum: 200 },
  ],
  [
    { type: 'integer', minimum: 0, maximum: 2 ** 31 },
    { type: 'integer', format: 'int64', minimum: 0, maximum: 2 ** 31 },
  ],
  [
    { type: 'number', minimum: 0 },
    { type: 'number', format: 'double', minimum: 0 },
  ],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, { type: ['number', 'null'], format: 'double' }],
  [{ anyOf: [{ $ref: '#/a' }, { type: 'null' }] }, { oneOf: [{ $ref: '#/a' }, { type: 'null' }] }],
  [
    { type: 'string', pattern: String.raw`^[^\p{C}]{1,255}$` },
    { type: 'string', pattern: String.raw`^[^\p{C}]+$`, minLength: 1, maxLength: 255 },
  ],
  [
    { type: 'string', pattern: '^[a-z]{0,9}$' },
    { type: 'string', pattern: '^[a-z]*$', minLength: 0, maxLength: 9 },
  ],
  [
    { type: 'string', format: 'date-time', pattern: '^2' },
    { type: 'string', format: 'date-time' },
  ],
  [{ const: 'a.b' }, { type: 'string', enum: ['a.b'] }],
  [{ const: null }, { enum: [null] }],
  [
    { type: 'object', properties: { pattern: { type: 'integer', ...bounds } }, additionalProperties: false },
    { type: 'object', properties: { pattern: { type: 'integer', format: 'int64', ...bounds } }, additionalProperties: false },
    { type: 'object', properties: { pattern: { type: 'integer', format: 'int64' } } },
  ],
  [
    { type: 'object', properties: {}, additionalProperties: {} },
    { type: 'object', additionalProperties: true },
  ],
  [{ $ref: '#/a', default: { a: 1 } }, { $ref: '#/a' }],
  [{ type: 'boolean', default: null }, { type: 'boolean' }],
  [
    { type: 'array', default: ['*'], description: 'Which.' },
    { type: 'array', description: 'Which. Default: `["*"]`.' },
  ],
])('%j', (schema, input, output: object = input) => {
  expect(normalizeSchema(schema, 'input')).toEqual(input);
  expect(normalizeSchema(schema, 'output')).toEqual(output);
});

const kind = (value: string) => ({ type: 'object', properties: { kind: { const: value } }, required: ['kind'] });
const writtenKind = (value: string) => ({ ...kind(value), properties: { kind: { type: 'string', enum: [value] } } });

test.each<[string, object, object]>([
  [
    'alternatives that may match together',
    { anyOf: [{ minLength: 1 }, { type: 'null' }] },
    { anyOf: [{ minLength: 1 }, { type: 'null' }] },
  ],
  ['alternatives that exclude each other', { anyOf: [kind('a'), kind('b')] }, { oneOf: [writtenKind('a'), writtenKind('b')] }],
  [
    'null beside a schema with rules for every value',
    { anyOf: [{ type: 'string', not: { const: '' } }, { type: 'null' }] },
    { oneOf: [{ type: 'string', not: { type: 'string', enum: [''] } }, { type: 'null' }] },
  ],
  [
    'null beside a schema with a rule that stands outside, too',
    { maxLength: 3, anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
    { maxLength: 3, oneOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
  ],
  ['a constant beside an enumeration', { const: 'a', enum: ['b'] }, { const: 'a', enum: ['b'] }],
  ['a pattern without a type', { pattern: '^a' }, { pattern: '^a' }],
  [
    'a counted pattern beside a length',
    { type: 'string', pattern: '^[a-z]{2,9}$', maxLength: 3 },
    { type: 'string', pattern: '^[a-z]{2,9}$', maxLength: 3 },
  ],
  [
    'the pattern of a time',
    { type: 'string', format: 'date-time', pattern: 'Z$' },
    { type: 'string', format: 'date-time', description: 'Pattern: `Z$`.' },
  ],
  ['a closed object', { type: 'object', additionalProperties: false }, { type: 'object', additionalProperties: false }],
  ['a limit in a question', { not: { type: 'integer', ...bounds } }, { not: { type: 'integer', format: 'int64', ...bounds } }],
  [
    'names that are keywords',
    { dependentSchemas: { default: { const: 'a' } } },
    { dependentSchemas: { default: { type: 'string', enum: ['a'] } } },
  ],
  [
    'data of an author',
    { 'x-of': { const: 'a' }, examples: [{ const: 'a' }] },
    { 'x-of': { const: 'a' }, examples: [{ const: 'a' }] },
  ],
])('a schema of a contract keeps its meaning: %s', (_what, schema, expected) => {
  expect(normalizeContract(schema, 'output', () => undefined)).toEqual(expected);
});

test('a name stands for one schema: the same one in a request and in a response has two names', () => {
  const thing = z.strictObject({ a: z.string() }).meta({ id: 'Thing' });
  const schemas = jsonSchemas();
  schemas.output(thing);
  schemas.output(z.array(thing));
  expect(() => schemas.input(thing)).toThrow('Two schemas of the OpenAPI document have the name "Thing"');
});
