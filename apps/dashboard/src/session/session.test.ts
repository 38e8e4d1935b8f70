import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSessionStore } from './session-store.js';
import { readToken } from './token.js';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object): string => `${base64url({ alg: 'HS256' })}.${base64url(claims)}.c2ln`;
const alice = tokenOf({ sub: 'älice', exp: NOW / 1000 + 60, scope: 'events:publish admin' });
const expired = tokenOf({ sub: 'alice', exp: NOW / 1000 - 1 });

describe('readToken', () => {
  test.each([alice, `  ${alice}\n`, `Bearer ${alice}`, `Authorization: Bearer ${alice}`, `"${alice}"`])(
    'reads a token with quotes, white space or a header name around it (%#)',
    (text) => {
      expect(readToken(text, NOW)).toEqual({
        token: alice,
        subject: 'älice',
        scopes: new Set(['events:publish', 'admin']),
        expiresAt: NOW + 60_000,
      });
    },
  );

  test.each([
    ['an empty text', ' ', 'Paste a token.'],
    ['a text that is no JWT', 'hello', 'This is not a token'],
    ['three parts that are not base64url JSON', 'a.b.c', 'This is not a token'],
    ['an expired token', expired, 'has expired'],
    ['a token without exp', tokenOf({ sub: 'alice' }), 'no "exp" claim'],
    ['a token without sub', tokenOf({ exp: NOW / 1000 + 60 }), 'no "sub" claim'],
  ])('rejects %s', (_name, text, message) => {
    expect(() => readToken(text, NOW)).toThrow(message);
  });
});

describe('the session store', () => {
  let stored: Map<string, string>;
  const removeFragment = jest.fn();
  const open = (fragment = '') =>
    createSessionStore({
      storage: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      },
      fragment,
      removeFragment,
    });
  beforeEach(() => {
    stored = new Map();
    removeFragment.mockClear();
    jest.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('starts without a session', () => {
    expect(open().read()).toEqual({ session: null, endReason: 'none' });
    expect(removeFragment).not.toHaveBeenCalled();
  });

  test('signs in from a link, removes the token from the address and keeps it in the tab', () => {
    expect(open(`#token=${alice}`).read().session?.subject).toBe('älice');
    expect(removeFragment).toHaveBeenCalledTimes(1);
    expect(open().read().session?.subject).toBe('älice');
  });

  test('reports an invalid link and removes its token from the address', () => {
    expect(open('#token=nonsense').read()).toEqual({ session: null, endReason: 'invalid-link' });
    expect(removeFragment).toHaveBeenCalledTimes(1);
  });

  test('signs in from a link while the page is open and ignores other fragments', () => {
    const store = open();
    store.signInFromLink('#page');
    expect(store.read().session).toBeNull();
    expect(removeFragment).not.toHaveBeenCalled();
    store.signInFromLink(`#token=${alice}`);
    expect(store.read().session?.subject).toBe('älice');
  });

  describe('while a session runs', () => {
    const bob = tokenOf({ sub: 'bob', exp: NOW / 1000 + 60 });

    test.each(['a link that is opened in the page', 'a link that loads the page'])(
      '%s does not replace it: the other session is offered',
      (how) => {
        const first = open(`#token=${alice}`);
        const store = how.includes('loads') ? open(`#token=${bob}`) : first;
        store.signInFromLink(`#token=${bob}`);
        expect(store.read()).toMatchObject({ session: { subject: 'älice' }, offered: { subject: 'bob' } });
        expect([...stored.values()]).toEqual([alice]);
        expect(removeFragment).toHaveBeenCalled();
        store.answerOffer(false);
        expect(store.read()).toMatchObject({ session: { subject: 'älice' }, offered: null });
        store.signInFromLink(`#token=${bob}`);
        store.answerOffer(true);
        expect(store.read()).toMatchObject({ session: { subject: 'bob' }, offered: null });
        expect([...stored.values()]).toEqual([bob]);
      },
    );

    test.each(['nonsense', expired, alice])('an invalid link, and one with the same token, changes nothing (%#)', (token) => {
      const store = open(`#token=${alice}`);
      store.signInFromLink(`#token=${token}`);
      expect(store.read()).toMatchObject({ session: { subject: 'älice' }, offered: null });
    });

    test('it begins when the stored token has expired', () => {
      stored.set('tidings.token', expired);
      expect(open(`#token=${bob}`).read()).toMatchObject({ session: { subject: 'bob' }, offered: null });
    });
  });

  test('ends the session and removes the token when it expires', () => {
    const store = open(`#token=${alice}`);
    const changed = jest.fn();
    store.subscribe(changed);
    jest.advanceTimersByTime(59_999);
    expect(changed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(store.read()).toEqual({ session: null, endReason: 'expired' });
    expect(changed).toHaveBeenCalledTimes(1);
    expect(stored.size).toBe(0);
  });

  test('removes the token after signing out', () => {
    const store = open(`#token=${alice}`);
    store.end('signed-out');
    expect(open().read()).toEqual({ session: null, endReason: 'none' });
  });
});
