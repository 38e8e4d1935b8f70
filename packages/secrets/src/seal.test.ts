import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createSeal, parseSealKeys } from './seal.js';
import { createSecret, secretKey } from './secret.js';

const key = (id: string) => ({ id, key: randomBytes(32) });

describe('a sealed text', () => {
  test('opens with the context that it was sealed for', () => {
    const { seal, open } = createSeal([key('a')]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, context) => {
        expect(open(seal(text, context), context)).toBe(Buffer.from(text).toString());
      }),
    );
  });

  test('does not contain the text, and is never the same twice', () => {
    const { seal } = createSeal([key('a')]);
    const [first, second] = [seal('whsec_hello', 'wh_1'), seal('whsec_hello', 'wh_1')];
    expect(first.includes('whsec')).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  test('does not open with the context of another row', () => {
    const { seal, open } = createSeal([key('a')]);
    expect(() => open(seal('secret', 'wh_1'), 'wh_2')).toThrow();
  });

  test('does not open when any byte of it was changed', () => {
    const { seal, open } = createSeal([key('a')]);
    const sealed = seal('secret', 'wh_1');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => open(changed, 'wh_1')).toThrow();
    }
  });

  test('opens with an older key behind the new one, and not after the older key was removed', () => {
    const [older, newer] = [key('2025'), key('2026')];
    const sealed = createSeal([older]).seal('secret', 'wh_1');
    expect(createSeal([newer, older]).open(sealed, 'wh_1')).toBe('secret');
    expect(() => createSeal([newer]).open(sealed, 'wh_1')).toThrow('Sealed with the key "2025"');
  });
});

test('the error of a text that does not open names the key, without the key itself or the text', () => {
  const [one, other] = [key('k1'), key('k1')];
  const { message } = (() => {
    try {
      return { message: createSeal([other]).open(createSeal([one]).seal('secret', 'wh_1'), 'wh_1') };
    } catch (error) {
      return error as Error;
    }
  })();
  expect(message).toMatch(/^Does not open with the key "k1": it was sealed with another key of that name/);
});

describe('SECRETS_KEYS', () => {
  test('reads one key or several', () => {
    const [a, b] = [randomBytes(32), randomBytes(32)];
    expect(parseSealKeys(`a:${a.toString('base64')}, b:${b.toString('base64')}`)).toEqual([
      { id: 'a', key: a },
      { id: 'b', key: b },
    ]);
  });

  test.each([
    ['', 'entry 1 is not'],
    ['nokey', 'is 0 bytes long'],
    ['a:c2hvcnQ=', 'is 5 bytes long'],
    [`a:${randomBytes(32).toString('base64')},b:`, 'entry 2 ("b") is 0 bytes long'],
    [`a:${Buffer.alloc(32).toString('base64')}`, 'entry 1 ("a") is not random'],
    [`a:${Buffer.from('0123456789'.repeat(4)).subarray(0, 32).toString('base64')}`, 'entry 1 ("a") is not random'],
    [`a:${Buffer.from('correct horse battery staple ok!').toString('base64')}`, 'entry 1 ("a") is not random'],
    [`a:${randomBytes(32).toString('base64')},a:${randomBytes(32).toString('base64')}`, 'two keys have the id "a"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseSealKeys(text)).toThrow(message);
  });

  test('accepts random keys, and a weak older key, so that it can be replaced', () => {
    for (let count = 0; count < 10_000; count += 1) {
      expect(() => parseSealKeys(`a:${randomBytes(32).toString('base64')}`)).not.toThrow();
    }
    const old = Buffer.alloc(32, 1).toString('base64');
    expect(parseSealKeys(`new:${randomBytes(32).toString('base64')},old:${old}`)).toHaveLength(2);
  });
});

describe('a webhook secret', () => {
  test('is whsec_ and 32 random bytes', () => {
    expect(secretKey(createSecret())).toHaveLength(32);
    expect(createSecret()).not.toBe(createSecret());
    expect(() => secretKey('sk_123')).toThrow('starts with whsec_');
  });
});
