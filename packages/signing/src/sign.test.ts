import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { sign } from './sign.js';

const now = () => Math.floor(Date.now() / 1000);
const headers = (id: string, timestamp: number, signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signature,
});

describe('a signature', () => {
  test('equals the example of the Standard Webhooks specification', () => {
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const body = '{"test": 2432232314}';
    expect(sign({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body, keys: [key] })).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test('is verified by the unmodified standardwebhooks package, for any body', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.json(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (id, body, key) => {
        const timestamp = now();
        const signature = sign({ id, timestamp, body, keys: [Buffer.from(key)] });
        const verifier = new Webhook(Buffer.from(key).toString('base64'));
        expect(() => verifier.verify(body, headers(id, timestamp, signature))).not.toThrow();
      }),
    );
  });

  test('is refused when a byte of the body, the id or the time has changed', () => {
    const key = randomBytes(32);
    const timestamp = now();
    const signature = sign({ id: 'evt_1', timestamp, body: '{"a":1}', keys: [key] });
    const verifier = new Webhook(key.toString('base64'));
    expect(() => verifier.verify('{"a":2}', headers('evt_1', timestamp, signature))).toThrow();
    expect(() => verifier.verify('{"a":1}', headers('evt_2', timestamp, signature))).toThrow();
    expect(() => verifier.verify('{"a":1}', headers('evt_1', timestamp - 1, signature))).toThrow();
  });

  test('has one part for each key, so that a receiver with either secret can verify', () => {
    const keys = [randomBytes(32), randomBytes(32)];
    const timestamp = now();
    const signature = sign({ id: 'evt_1', timestamp, body: '{}', keys });
    expect(signature.split(' ')).toHaveLength(2);
    for (const key of keys) {
      expect(() => new Webhook(key.toString('base64')).verify('{}', headers('evt_1', timestamp, signature))).not.toThrow();
    }
  });
});
