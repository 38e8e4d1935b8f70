import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readJsonObject } from './read-json-object.js';

const encode = (text: string) => Buffer.from(text).toString('base64url');
const read = (text: string) => readJsonObject(encode(text));

describe('a part of a token', () => {
  test('is decoded like JSON, for any names and values', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object, null, 1);
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('is refused when a name occurs twice, at any depth', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    const holder = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `{"a":${text}}`,
      (text) => `{"a":[0,{"b":${text}}]}`,
    );
    fc.assert(
      fc.property(object, fc.jsonValue(), holder, (value, again, hold) => {
        const [name] = Object.keys(value);
        const text = JSON.stringify(value).replace(/}$/, () => `,${JSON.stringify(name)}:${JSON.stringify(again)}}`);
        expect(read(hold(text))).toBeNull();
      }),
      { numRuns: 1000 },
    );
    expect(read('{"sub":"a","s\\u0075b":"b"}')).toBeNull();
    expect(read('{"__proto__":1,"__proto__":2}')).toBeNull();
  });

  test('is refused when it has a character that decoders skip', () => {
    const part = encode('{"sub":"alice"}');
    expect(readJsonObject(part)).not.toBeNull();
    const noise = fc.constantFrom('=', ' ', '\n', '+', '/', '.', '%', '\u00e9');
    fc.assert(
      fc.property(fc.nat(part.length), noise, (at, extra) => {
        expect(readJsonObject(part.slice(0, at) + extra + part.slice(at))).toBeNull();
      }),
    );
  });

  test.each(['', 'null', '[]', '"a"', '7', '\uFEFF{}', '{}{}', '{"exp":NaN}'])('is refused when it is %j', (text) => {
    expect(read(text)).toBeNull();
  });

  test('is refused when its bytes are not UTF-8', () => {
    expect(readJsonObject(Buffer.from('{"sub":"\u00ff"}', 'latin1').toString('base64url'))).toBeNull();
    expect(readJsonObject(Buffer.from('{"sub":"\u00ff"}', 'utf8').toString('base64url'))).toEqual({ sub: '\u00ff' });
  });
});
