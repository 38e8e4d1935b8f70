import { describe, expect, test } from '@jest/globals';
import { checkSchema } from './schema/check-schema.js';
import { compileContract } from './validate/compile-contract.js';

/*
 * Measured on one core, warm, in ms: 1,000 subschemas are checked in 2 (cold: 20) and compiled in 100 to 130 (cold: 250 to 400), and
 * 300 in 35 to 60: 0.1 to 0.2 for each, most of which is V8 reading the code. So the largest schemas take longer than 50 ms, once for
 * each version in each process. The dearest data and schemas that are known take 30 to 60 before they are refused. Patterns read
 * 50 to 500 MB/s once their states are known, and 10 KB/s in the worst case before.
 */
const EVERYONE = { audience: 'everyone', ownerField: 'user_id' } as const;
const TOO_COSTLY = expect.stringMatching(/^takes more than 1,000,000 checks/);

/** Milliseconds of CPU, the least of three tries: they hardly depend on what else the machine does. */
function cpuOf(work: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...tries);
}

const range = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));
const named = (length: number, make: (index: number) => unknown) =>
  Object.fromEntries(range(length, (index) => [`p${String(index)}`, make(index)]));
const list = (items: unknown, more: object = {}) => ({ type: 'object', properties: { a: { type: 'array', items, ...more } } });
const text = (schema: object) => ({ type: 'object', properties: { a: { type: 'string', ...schema } } });
const ab = (length: number) => range(length, (index) => (((index * index * 7919) >> 3) & 1 ? 'b' : 'a')).join('');

describe('data of 256 KiB', () => {
  const ones = { a: range(131_000, () => 1) };
  const members = { a: named(28_000, () => 1) };

  // Each takes half a second to minutes without a budget.
  test.each<[string, object, object]>([
    ['items of 300 alternatives', list({ anyOf: [...range(300, () => ({ type: 'string' })), { type: 'integer' }] }), ones],
    ['items of 300 constants', list({ oneOf: range(300, (index) => ({ const: index })) }), ones],
    [
      'lists that must contain something else',
      { type: 'object', properties: { a: { anyOf: range(30, (index) => ({ contains: { const: index + 2 } })) } } },
      ones,
    ],
    [
      'alternatives that each look at all items',
      { type: 'object', properties: { a: { anyOf: range(30, () => ({ items: { type: 'integer' }, minItems: 200_000 })) } } },
      ones,
    ],
    [
      'references that double eight times',
      {
        ...list({ $ref: '#/$defs/d0' }),
        $defs: Object.fromEntries(
          range(8, (level) => {
            const next = { $ref: `#/$defs/d${String(level + 1)}` };
            return [`d${String(level)}`, level === 7 ? { type: 'integer' } : { allOf: [next, next] }];
          }),
        ),
      },
      ones,
    ],
    [
      'members that many patterns are for',
      { properties: { a: { patternProperties: named(50, () => true) } }, type: 'object' },
      members,
    ],
    [
      'a text that many lengths are for',
      text({ allOf: range(300, (index) => ({ maxLength: 70_000 + index })) }),
      { a: '🎵'.repeat(65_000) },
    ],
    ['a text with a pattern of many states', text({ pattern: '(a|b)*a(a|b){40}$' }), { a: ab(250_000) }],
    [
      'texts with a pattern of many states',
      list({ type: 'string', pattern: '(a|b)*a(a|b){40}' }),
      { a: range(1000, () => ab(250)) },
    ],
  ])('is refused before it costs much: %s', (_, schema, data) => {
    expect(checkSchema(schema, EVERYONE)).toEqual([]);
    const { validate } = compileContract({ ...EVERYONE, unknownFields: 'keep', schema: schema as Record<string, unknown> });
    expect(validate(data)).toEqual([{ field: 'data', message: TOO_COSTLY }]);
    expect(cpuOf(() => validate(data))).toBeLessThan(500);
  });

  test.each<[string, object, object]>([
    ['plain numbers', list({ type: 'integer', minimum: 0 }), ones],
    ['numbers or null', list({ anyOf: [{ type: 'integer' }, { type: 'null' }] }), ones],
    [
      'different lists',
      list({ type: 'array' }, { uniqueItems: true, maxItems: 10_000 }),
      { a: range(10_000, (index) => [index, 1, 2, 3]) },
    ],
    [
      'objects of one of 500',
      list({ enum: range(500, (index) => ({ a: [1, index] })) }),
      { a: range(10_000, (index) => ({ a: [1, index % 500] })) },
    ],
    [
      'ids',
      list({ type: 'string', pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
      { a: range(6500, () => '01938c4e-5c3a-7e6b-9f00-3d2f1a0b4c5d') },
    ],
    ['a text without blanks', text({ pattern: '^\\S+$' }), { a: 'x'.repeat(260_000) }],
    [
      'events of 30 kinds',
      list({
        oneOf: range(30, (index) => ({
          type: 'object',
          properties: { kind: { const: index }, ...named(5, () => ({ type: 'integer' })) },
          required: ['kind'],
        })),
      }),
      { a: range(1000, (index) => ({ kind: index % 30, p0: 1, p1: 2 })) },
    ],
  ])('is checked: %s', (_, schema, data) => {
    expect(checkSchema(schema, EVERYONE)).toEqual([]);
    const { validate } = compileContract({ ...EVERYONE, unknownFields: 'refuse', schema: schema as Record<string, unknown> });
    expect(validate(data)).toEqual([]);
    expect(cpuOf(() => validate(data))).toBeLessThan(500);
  });

  test('with thousands of wrong and unknown fields has a hundred of them named', () => {
    const items = { allOf: [{ properties: { n: { type: 'number' } } }, { properties: { m: true } }] };
    const { validate } = compileContract({ ...EVERYONE, unknownFields: 'refuse', schema: list(items) });
    const data = { a: range(2000, (index) => (index % 2 === 0 ? { n: 'x' } : { other: 1 })) };
    expect(validate(data)).toHaveLength(100);
    expect(cpuOf(() => validate(data))).toBeLessThan(500);
  });

  test('with nothing but wrong items has one of them named, in no time', () => {
    const { validate } = compileContract({ ...EVERYONE, unknownFields: 'refuse', schema: list({ type: 'string' }) });
    expect(validate(ones)).toEqual([{ field: 'data.a[0]', message: 'must be a string, not a number' }]);
    expect(cpuOf(() => validate(ones))).toBeLessThan(50);
  });
});

describe('a schema', () => {
  test('of 1,000 subschemas is checked and compiled in a bounded time', () => {
    const schema = { type: 'object', properties: named(999, () => ({ type: 'string', maxLength: 10 })) };
    expect(checkSchema(schema, EVERYONE)).toEqual([]);
    expect(cpuOf(() => checkSchema(schema, EVERYONE))).toBeLessThan(100);
    expect(cpuOf(() => compileContract({ ...EVERYONE, unknownFields: 'refuse', schema }))).toBeLessThan(2000);
  });

  test.each<[string, object]>([
    [
      'that expands without end',
      { type: 'object', $defs: named(900, (index) => ({ allOf: [{ $ref: `#/$defs/p${String(index + 1)}` }, true] })) },
    ],
    [
      'with a thousand wrong patterns',
      { type: 'object', properties: named(900, (index) => ({ pattern: `(a{1000}){${String(index)}}` })) },
    ],
    [
      'with dear classes of characters',
      { type: 'object', properties: named(900, (index) => ({ pattern: `^x${'\\P{C}'.repeat(8)}${String(index)}` })) },
    ],
    ['of 64 KiB of names', { type: 'object', ...named(5000, () => 1) }],
  ])('%s is refused in a bounded time', (_, schema) => {
    expect(checkSchema(schema, EVERYONE)).not.toEqual([]);
    expect(cpuOf(() => checkSchema(schema, EVERYONE))).toBeLessThan(500);
  });
});
