import { describe, expect, test } from '@jest/globals';
import { explainSyntax } from './explain-syntax.js';
import { jsonLines } from './json-lines.js';

describe('the reason why a text is no JSON', () => {
  test.each([
    ['', 'The field is empty.'],
    ['{\n "type": }', 'Line 2: a value is expected before “}”.'],
    ['{"a": 1\n "b": 2}', 'Line 2: a comma or “}” is expected before “"b": 2}”.'],
    ['{"a": 1,\n}', 'Line 2: the name of a field, in double quotes, is expected before “}”.'],
    ["{'a': 1}", "Line 1: the name of a field, in double quotes, or “}” is expected before “'a': 1}”."],
    ['{"a" 1}', 'Line 1: a colon is expected after the name of the field before “1}”.'],
    ['[1, 2,]', 'Line 1: a value is expected before “]”.'],
    ['[1}', 'Line 1: a comma or “]” is expected before “}”.'],
    ['{"a": [1]\n', 'Line 2: the text ends before the “}” of its last part.'],
    ['{} {}', 'Line 1: nothing more is expected before “{}”.'],
    ['[01]', 'Line 1: a value or “]” is expected before “01]”.'],
    ['[1., -, 1e, .5, +1, NaN, True]', 'Line 1: a value or “]” is expected before “1., -, 1e, .”.'],
    ['["\n"]', 'Line 1: the text is not closed, or has a character that must be escaped.'],
    ['["\\x"]', 'Line 1: the text is not closed, or has a character that must be escaped.'],
    ['["a]', 'Line 1: the text is not closed, or has a character that must be escaped.'],
  ])('%j: %s', (text, reason) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(explainSyntax(text)).toBe(reason);
  });

  test.each(['{"a": [1, -0.5e+3, "\\u00e9\\n", true, null, {}, []], "": {"b": false}}', ' "text" ', '0', '[[[]]]'])(
    'is only at the end of valid JSON: %s',
    (text) => {
      expect(() => JSON.parse(text) as unknown).not.toThrow();
      expect(explainSyntax(text)).toBe('Line 1: nothing more is expected.');
    },
  );
});

test('each place of a JSON text has a line', () => {
  const text = `{ "a": [1, "],}\\"",
    { "b c":
      {} , "": null }],
  "d": { "e": -1.5e3, "f":[ ]
  , "g": true } }`;
  expect(Object.fromEntries(jsonLines(text))).toEqual({
    a: 1,
    'a[0]': 1,
    'a[1]': 1,
    'a[2]': 2,
    'a[2]["b c"]': 2,
    'a[2][""]': 3,
    d: 4,
    'd.e': 4,
    'd.f': 4,
    'd.g': 5,
  });
  expect(jsonLines(' [] ').size).toBe(0);
  expect(jsonLines('[\n'.repeat(50_000) + ']'.repeat(50_000)).get('[0][0]')).toBe(3);
});
