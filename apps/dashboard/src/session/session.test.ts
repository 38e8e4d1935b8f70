import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSessionStore } from './store.js';
import { readToken } from './token.js';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object): string => `${base64url({ alg: 'HS256' })}.${base64url(claims)}.c2ln`;
const alice = tokenOf({ sub: 'älice', exp: NOW / 1000 + 60, scope: 'events:publish admin' });
const expired = tokenOf({ sub: 'alice', exp: NOW / 1000 - 1 });

describe('a pasted token', () => {
  test.each([alice, `  ${alice}\n`, `Bearer ${alice}`, `Authorization: Bearer ${alice}`, `"${alice}"`])(
    'says who it is of, however it was copied (%#)',
    (text) => {
      expect(readToken(text, NOW)).toEqual({
        token: alice,
        userId: 'älice',
        scopes: new Set(['events:publish', 'admin']),
        expiresAt: NOW + 60_000,
      });
    },
  );

  test.each([
    ['nothing', ' ', 'Paste a token.'],
    ['some text', 'hello', 'This is not a token'],
    ['three parts of nonsense', 'a.b.c', 'This is not a token'],
    ['one that has ended', expired, 'has expired'],
    ['one that never ends', tokenOf({ sub: 'alice' }), 'never ends'],
    ['one of nobody', tokenOf({ exp: NOW / 1000 + 60 }), 'names no user'],
  ])('that cannot be used is told apart: %s', (_name, text, message) => {
    expect(() => readToken(text, NOW)).toThrow(message);
  });
});

describe('who is signed in', () => {
  let kept: Map<string, string>;
  const removeFragment = jest.fn();
  const open = (fragment = '') =>
    createSessionStore({
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => void kept.set(key, value),
        removeItem: (key) => void kept.delete(key),
      },
      fragment,
      removeFragment,
    });
  beforeEach(() => {
    kept = new Map();
    removeFragment.mockClear();
    jest.useFakeTimers({ now: NOW });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('is nobody at first', () => {
    expect(open().read()).toEqual({ session: null, ended: 'none' });
    expect(removeFragment).not.toHaveBeenCalled();
  });

  test('may come by a link, whose token leaves the address at once and stays in the tab', () => {
    expect(open(`#token=${alice}`).read().session?.userId).toBe('älice');
    expect(removeFragment).toHaveBeenCalledTimes(1);
    expect(open().read().session?.userId).toBe('älice');
  });

  test('is told when a link is of no use, and its token leaves the address all the same', () => {
    expect(open('#token=nonsense').read()).toEqual({ session: null, ended: 'unreadable-link' });
    expect(removeFragment).toHaveBeenCalledTimes(1);
  });

  test('may come by a link while the page is open; other fragments are no links', () => {
    const store = open();
    store.enter('#page');
    expect(store.read().session).toBeNull();
    expect(removeFragment).not.toHaveBeenCalled();
    store.enter(`#token=${alice}`);
    expect(store.read().session?.userId).toBe('älice');
  });

  test('ends with the token, and is forgotten', () => {
    const store = open(`#token=${alice}`);
    const changed = jest.fn();
    store.subscribe(changed);
    jest.advanceTimersByTime(59_999);
    expect(changed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(store.read()).toEqual({ session: null, ended: 'expired' });
    expect(changed).toHaveBeenCalledTimes(1);
    expect(kept.size).toBe(0);
  });

  test('ends when they sign out, and is forgotten', () => {
    const store = open(`#token=${alice}`);
    store.end('signed-out');
    expect(open().read()).toEqual({ session: null, ended: 'none' });
  });
});
