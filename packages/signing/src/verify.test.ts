import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { sign } from './sign.js';
import { verify } from './verify.js';

const [key, other] = [randomBytes(32), randomBytes(32)];
const content = { id: 'evt_1', timestamp: 1_614_265_330, body: '{"a":"ü"}' };
const signature = sign({ ...content, keys: [key] });

describe('verifying a signature', () => {
  test('succeeds with the key that made it, also among several keys and several signatures', () => {
    expect(verify({ ...content, keys: [key], signature })).toBe(true);
    expect(verify({ ...content, body: Buffer.from(content.body), keys: [other, key], signature })).toBe(true);
    expect(verify({ ...content, keys: [key], signature: `v1a,abc ${sign({ ...content, keys: [other, key] })}` })).toBe(true);
  });

  test.each([
    ['another key', { keys: [other] }],
    ['another id', { id: 'evt_2' }],
    ['another time', { timestamp: content.timestamp + 1 }],
    ['another body', { body: '{"a":"u"}' }],
    ['bytes that are not UTF-8', { body: Buffer.from([0xff]) }],
    ['another version', { signature: signature.replace('v1,', 'v2,') }],
    ['a part of the signature', { signature: signature.slice(0, -8) }],
    ['an empty signature', { signature: '' }],
  ])('fails with %s', (_case, other) => {
    expect(verify({ ...content, keys: [key], signature, ...other })).toBe(false);
  });
});
