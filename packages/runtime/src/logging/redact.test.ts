import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redact } from './redact.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('a value with the name of a secret', () => {
  test.each([
    'secret',
    'client_secret',
    'sealedSecret',
    'token',
    'lease_token',
    'ticket',
    'Authorization',
    'set-cookie',
    'password',
    'PGPASSWORD',
    'api_key',
    'apiKey',
    'x-api-key',
    'JWT_SECRET',
  ])('is redacted: %s', (name) => {
    for (const value of ['abc', 7, null, { nested: 'abc' }, ['abc']]) {
      expect(redact({ [name]: value, event_id: 'evt_1' })).toEqual({ [name]: '[redacted]', event_id: 'evt_1' });
    }
  });

  test('is redacted at any depth', () => {
    expect(redact({ request: { headers: [{ authorization: 'abc', host: 'example.com' }] } })).toEqual({
      request: { headers: [{ authorization: '[redacted]', host: 'example.com' }] },
    });
  });
});

describe('a text that looks like a secret', () => {
  test.each([
    [`The secret is ${SECRET}.`, 'The secret is [redacted].'],
    [`old ${SECRET} new ${SECRET}`, 'old [redacted] new [redacted]'],
    [`${JWT} is expired`, '[redacted] is expired'],
    [`a-${JWT}`, 'a-[redacted]'],
    [`${'x'.repeat(40)}://me:${'p'.repeat(2000)}@db`, `${'x'.repeat(40)}://me:[redacted]@db`],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.', '[redacted]'],
    [`Authorization: Bearer ${JWT}`, 'Authorization: Bearer [redacted]'],
    ['authorization: bearer abc.def-123', 'authorization: bearer [redacted]'],
    ['Basic YWxpY2U6aHVudGVyMg==', 'Basic [redacted]'],
    ['GET /api/events/stream?types=a&ticket=abc123', 'GET /api/events/stream?types=a&ticket=[redacted]'],
    ['/stream?access_token=abc&types=sync.*', '/stream?access_token=[redacted]&types=sync.*'],
    ['connect postgresql://me:hunter2@db:5432/tidings', 'connect postgresql://me:[redacted]@db:5432/tidings'],
    ['redis://:hunter2@cache:6379', 'redis://:[redacted]@cache:6379'],
    ['rediss://me:p@ss:w@rd@cache/0', 'rediss://me:[redacted]@cache/0'],
    ['a https://x:1@a/ and https://y:2@b/', 'a https://x:[redacted]@a/ and https://y:[redacted]@b/'],
  ])('is redacted in %j', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    'POST https://example.com:8443/hook?types=sync.* answered 500 after 12 ms',
    'alice@example.com',
    'evt_01a20f77-cf64-75d8-a2ec-564e1822ba0a',
    'The eye of the beholder.',
    '',
  ])('is not %j', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('is redacted anywhere in a value', () => {
    const holder = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(SECRET, `Bearer ${JWT}`, 'redis://:hunter2@cache'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('tree'), { maxKeys: 3 }),
        tie('tree').map((cause) => new Error(`failed with ${SECRET}`, { cause })),
      ),
    })).tree;
    fc.assert(
      fc.property(holder, (value) => {
        const text = JSON.stringify(redact(value));
        for (const secret of [SECRET.slice(6), JWT, 'hunter2']) expect(text).not.toContain(secret);
      }),
    );
  });
});

describe('a hostile text', () => {
  /** Milliseconds of CPU, which do not depend on what else the machine does. */
  const cpuOf = (work: () => unknown) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  // With patterns that backtrack, each of the first ones takes 0.7 s and more.
  test.each(['a', 'eyJ', 'eyJ-', 'eyJa.', 'whsec_', 'Bearer ', 'bearer', '?token=', 'a://', 'a://a:', '://:', 'a.', '@', ' '])(
    'of 16 KB costs a millisecond or two: %j, repeated',
    (part) => {
      const text = `/${part.repeat(16_384 / part.length)}`;
      redact(text);
      expect(cpuOf(() => redact(text))).toBeLessThan(100);
    },
  );

  test('is cut off behind 8,192 characters', () => {
    expect(String(redact('x'.repeat(20_000)))).toBe(`${'x'.repeat(8192)}…`);
  });
});

describe('an error', () => {
  test('keeps its name, message, code, stack and causes, and nothing else', () => {
    const cause = Object.assign(new Error(`refused redis://:hunter2@cache`), {
      code: 'ECONNREFUSED',
      config: { password: 'abc' },
    });
    const error = new TypeError('Cannot enqueue.', { cause });
    expect(redact({ error })).toEqual({
      error: {
        name: 'TypeError',
        message: 'Cannot enqueue.',
        stack: expect.stringContaining('redact.test.ts'),
        cause: {
          name: 'Error',
          message: 'refused redis://:[redacted]@cache',
          code: 'ECONNREFUSED',
          stack: expect.stringMatching(/^Error: refused redis:\/\/:\[redacted\]@cache\n/),
        },
      },
    });
  });
});

describe('a value that JSON cannot write', () => {
  test('is cut off when it refers to itself', () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop['self'] = loop;
    loop['list'] = [loop];
    const error = new Error('loop');
    error.cause = error;
    expect(JSON.stringify(redact({ loop, error }))).toContain('[deep]');
  });

  test('is left out below six levels', () => {
    expect(redact({ a: { b: { c: { d: { e: { f: { g: 1 } } } } } } })).toEqual({
      a: { b: { c: { d: { e: { f: '[deep]' } } } } },
    });
    expect(redact([[[[[['six']]]]]])).toEqual([[[[[['six']]]]]]);
  });

  test('is written in a readable form', () => {
    const at = new Date('2026-03-01T00:00:00Z');
    expect(
      redact({ at, big: 2n ** 64n, bytes: Buffer.from('key material'), none: null, missing: undefined, no: false, count: 0 }),
    ).toEqual({
      at,
      big: '18446744073709551616',
      bytes: '[12 bytes]',
      none: null,
      missing: undefined,
      no: false,
      count: 0,
    });
  });

  test('is not changed in the original', () => {
    const details = { token: 'abc', list: [{ text: SECRET }] };
    redact(details);
    expect(details).toEqual({ token: 'abc', list: [{ text: SECRET }] });
  });
});
