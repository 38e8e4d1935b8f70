import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { jsonSchemas } from './json-schemas.js';
import { normalizeSchema } from './normalize-schema.js';

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

test('a name stands for one schema: the same one in a request and in a response has two names', () => {
  const thing = z.strictObject({ a: z.string() }).meta({ id: 'Thing' });
  const schemas = jsonSchemas();
  schemas.output(thing);
  schemas.output(z.array(thing));
  expect(() => schemas.input(thing)).toThrow('Two schemas of the OpenAPI document have the name "Thing"');
});
