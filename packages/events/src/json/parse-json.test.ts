import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidJsonError } from './invalid-json-error.js';
import { parseJson } from './parse-json.js';

function errorsOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof InvalidJsonError) return error.errors;
    throw error;
  }
}

/** JSON without names that an object has twice, and without `__proto__`. */
const json = fc.jsonValue({ stringUnit: 'grapheme' }).filter((value) => !JSON.stringify(value).includes('__proto__'));

describe('parseJson', () => {
  test('returns what JSON.parse returns', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, '\t', '\r\n '), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('refuses every text that JSON.parse refuses, and accepts the others', () => {
    const broken = fc
      .tuple(
        json,
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '{', '[', ':', '\\', '0', '-', '.', 'e', ' ', '\u0001', '\u00a0', 'x'),
      )
      .map(([value, place, piece]) => {
        const text = JSON.stringify(value);
        const at = place % (text.length + 1);
        return `${text.slice(0, at)}${piece}${text.slice(piece === '' ? at + 1 : at)}`;
      });
    fc.assert(
      fc.property(broken, (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const parse = () => {
          try {
            parseJson(text);
          } catch (error) {
            if (!(error instanceof InvalidJsonError)) throw error;
          }
        };
        if (isJson) expect(parse).not.toThrow();
        else expect(parse).toThrow(SyntaxError);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ...[
      '',
      ' ',
      '[',
      ']',
      '{',
      '}',
      '[1',
      '[1,',
      '[1,]',
      '[,1]',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      '{a:1}',
      '{"a" 1}',
    ],
    ...[
      "'a'",
      '"a',
      '"\\',
      '"\\x"',
      '"\\u12"',
      '"\\u12g4"',
      '"\t"',
      '"\n"',
      '"\u0000"',
      '1 2',
      '[1] 2',
      '{} []',
      '[1}',
      '{"a":1]',
    ],
    ...['-', '+1', '01', '-01', '00', '1.', '.5', '1.e5', '1e', '1e+', '0x10', '1_000', 'NaN', 'Infinity', '-Infinity', '1n'],
    ...['nul', 'nulll', 'True', 'undefined', '\ufeff1', '\u00a01', '// a\n1', '/* a */1', '1;'],
  ])('refuses %j, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"b":{"c":[{"d":1},{"d":1,"e":2,"d":3}]}}', 'b.c[1].d'],
    ['{"\\u0061":1,"a":2}', 'a'],
    ['{"a b":1,"a b":2}', '["a b"]'],
    ['{"a":{"1":1,"1":2}}', 'a.1'],
    ['{"toString":1,"toString":2}', 'toString'],
    ['{"a":null,"a":null}', 'a'],
  ])('names the place of a name that an object has twice: %s', (text, field) => {
    expect(errorsOf(text)).toEqual([{ field, message: 'is in the same object more than once' }]);
  });

  test('names every place, and ends after a hundred', () => {
    expect(errorsOf('{"a":1,"a":2,"b":{"__proto__":[]},"c":["\\ud83d"],"d":1e999}')).toMatchObject([
      { field: 'a' },
      { field: 'b.__proto__' },
      { field: 'c[0]' },
      { field: 'd' },
    ]);
    expect(errorsOf(`{${'"a":1,'.repeat(100_000)}"a":1}`)).toHaveLength(100);
  });

  test('repeats no more of a long path than names the place', () => {
    const long = 'x'.repeat(100_000);
    expect(errorsOf(`{"${long}":{"a":1,"a":2}}`)).toMatchObject([{ field: `["${'x'.repeat(99)}…"].a` }]);
    const deep = errorsOf(`${`{"${long}":`.repeat(4)}["\\ud83d"]${'}'.repeat(4)}`) as { field: string }[];
    expect(deep[0]?.field).toHaveLength(200);
    const tooDeep = errorsOf(`{"${long}":`.repeat(65)) as { field: string }[];
    expect(tooDeep[0]?.field).toHaveLength(200);
  });

  test('accepts names that every object of JavaScript has', () => {
    const text = '{"constructor":1,"prototype":{"toString":null},"hasOwnProperty":[],"valueOf":false}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  test.each([
    ['1e400', 'is too large: the largest number is 1.7976931348623157e+308'],
    ['-1e309', 'is too large: the largest number is 1.7976931348623157e+308'],
    ['9'.repeat(400), 'is too large: the largest number is 1.7976931348623157e+308'],
    ['1e-400', 'is too close to zero: the smallest number is 5e-324'],
    [`0.${'0'.repeat(400)}1`, 'is too close to zero: the smallest number is 5e-324'],
    ['1.00000000000000000001', 'has too many digits: its fraction would be lost'],
    ['9007199254740993.5', 'has too many digits: its fraction would be lost'],
    ['-0.99999999999999999999', 'has too many digits: its fraction would be lost'],
  ])('refuses %s, which schemas would take for another number', (number, message) => {
    expect(errorsOf(`{"a":[${number}]}`)).toEqual([{ field: 'a[0]', message }]);
    expect(errorsOf(number)).toEqual([{ field: '', message }]);
  });

  test.each([
    '0',
    '-0',
    '1.0',
    '1e2',
    '1E+2',
    '0.10',
    '9007199254740993',
    '12345678901234567890',
    '1e308',
    '5e-324',
    '0e999',
    '0.1234567890123456789',
  ])('accepts the number %s', (number) => {
    expect(parseJson(number)).toBe(Number(number));
  });

  test('refuses nesting beyond the bound without running out of stack', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(errorsOf(nested(64))).toBeInstanceOf(Array);
    for (const text of [nested(65), '['.repeat(1_000_000), '{"a":'.repeat(200_000)]) {
      expect(errorsOf(text)).toEqual([{ field: expect.any(String), message: 'is nested more than 64 levels deep' }]);
    }
    expect(() => parseJson(nested(4), { maxLevels: 3 })).toThrow('nested more than 3 levels');
  });

  test('refuses a text with too many values and names, and reads no further than to the first of them', () => {
    const refused = (count: string) => [
      { field: '', message: `holds more than ${count} values and names, the limit: send less at a time` },
    ];
    const bounded = (text: string) => {
      try {
        return parseJson(text, { maxValues: 5 });
      } catch (error) {
        return error instanceof InvalidJsonError ? error.errors : error;
      }
    };
    expect(bounded('[1,{"a":[]},2]')).toEqual(refused('5'));
    expect(bounded('[1,{"a":[]}]')).toEqual([1, { a: [] }]);
    expect(bounded('[[],[],[],[],[] and this is no JSON')).toEqual(refused('5'));
    expect(errorsOf(`[${'1,'.repeat(50_000)}`)).toEqual(refused('50,000'));
  });

  test('accepts a list of 49,999 values', () => {
    expect(parseJson(`[${'1,'.repeat(49_998)}1]`)).toHaveLength(49_999);
  });
});
