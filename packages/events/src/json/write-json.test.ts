import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { parseJson } from './parse-json.js';
import { canonicalJson, escapeLineSeparators, isSameJson, writeJson } from './write-json.js';

const json = fc.jsonValue({ stringUnit: 'grapheme' }).filter((value) => !JSON.stringify(value).includes('__proto__'));
const NUMBERS = [
  '1.0',
  '1e2',
  '1E+2',
  '-0',
  '0.10',
  '-1.50',
  '9007199254740993',
  '12345678901234567890',
  '0.1234567890123456789',
];

describe('writeJson', () => {
  test('writes what JSON.stringify writes, for values without unusual digits', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(writeJson(value)).toBe(JSON.stringify(value));
      }),
    );
    expect(writeJson({ a: undefined, b: [undefined], c: new Date(0), d: () => 1 })).toBe(
      '{"b":[null],"c":"1970-01-01T00:00:00.000Z"}',
    );
  });

  test('takes a member toJSON that is data for data, and a hole in a list for null', () => {
    const text = '{"toJSON":1.0,"a":{"toJSON":null,"b":1e2}}';
    expect(writeJson(parseJson(text))).toBe(text);
    // eslint-disable-next-line no-sparse-arrays
    expect(writeJson([1, , 2])).toBe('[1,null,2]');
  });

  test.each(NUMBERS)('writes %s with its digits, wherever it is', (number) => {
    for (const text of [`[${number}]`, `{"a":${number},"1":{"b":[1,${number}]}}`]) {
      expect(writeJson(parseJson(text))).toBe(text.replace(/^{"a":(.*?),"1":(.*)}$/, '{"1":$2,"a":$1}'));
    }
  });

  test('takes the digits from the source of a copy, and not for a number that the copy has changed', () => {
    const schema = z.strictObject({
      b: z.number(),
      a: z.array(z.number().transform((number) => (number === 2 ? 3 : number))),
      c: z.number().default(7),
      d: z.record(z.string(), z.number()),
    });
    const source = parseJson('{"d":{"x":1.50},"a":[1.0,2.0],"b":1e2}');
    expect(writeJson(schema.parse(source), source)).toBe('{"b":1e2,"a":[1.0,3],"c":7,"d":{"x":1.50}}');
  });
});

describe('the same JSON', () => {
  test.each([
    ['{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ['[1,100,0.1,0]', '[1.0,1e2,0.10,-0]'],
    ['[12345678901234567890]', '[1234567890123456789e1]'],
    ['["\\u00e9"]', '["é"]'],
    ['[1]', ' [ 1 ] '],
  ])('is %s and %s', (one, other) => {
    expect(isSameJson(one, other)).toBe(true);
  });

  test.each([
    ['[9007199254740992]', '[9007199254740993]'],
    ['[12345678901234567890]', '[12345678901234567891]'],
    ['[0.1234567890123456789]', '[0.123456789012345678]'],
    ['[1]', '[-1]'],
    ['[1,2]', '[2,1]'],
    ['[1]', '["1"]'],
    ['{"a":1}', '{"a":1,"b":null}'],
    ['{"a":{}}', '{"a":[]}'],
    ['["a"]', '["A"]'],
    ['["\\u0000"]', '[""]'],
    ['{"a":1,"a":2}', '{"a":2}'],
  ])('is not %s and %s', (one, other) => {
    expect(isSameJson(one, other)).toBe(false);
  });

  test('is any text and itself, also one that is refused today', () => {
    expect(isSameJson('{"a":1,"a":2}', '{"a":1,"a":2}')).toBe(true);
  });

  test('has one canonical form for members in any order', () => {
    const shuffled = fc
      .dictionary(fc.string(), json)
      .chain((object) =>
        fc
          .shuffledSubarray(Object.entries(object), { minLength: Object.keys(object).length })
          .map((entries) => [object, Object.fromEntries(entries)] as const),
      );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(canonicalJson(other)).toBe(canonicalJson(one));
      }),
    );
  });
});

test('the line separators of Unicode are escaped, and nothing else', () => {
  expect(escapeLineSeparators('{"a":"x\u2028y\u2029z\u0085 é 🎵"}')).toBe('{"a":"x\\u2028y\\u2029z\\u0085 é 🎵"}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeLineSeparators(JSON.stringify(text));
      expect(JSON.parse(escaped)).toBe(text);
      expect(escaped).not.toMatch(/[\u0085\u2028\u2029]/);
    }),
  );
});
