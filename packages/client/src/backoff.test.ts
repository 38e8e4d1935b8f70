import { describe, expect, test } from '@jest/globals';
import { createBackoff } from './backoff.js';

describe('the wait before the next connection', () => {
  test('after the server ended a connection is the time that the server asked for', () => {
    const backoff = createBackoff(30_000);
    expect(backoff.afterEnd()).toBe(1000);
    backoff.setRetry(4321);
    expect(backoff.afterEnd()).toBe(4321);
  });

  test('after consecutive failures is random below a bound that doubles, up to the maximum', () => {
    const backoff = createBackoff(5000, () => 1);
    expect([1, 2, 3, 4, 5].map(() => backoff.afterFailure())).toEqual([1000, 2000, 4000, 5000, 5000]);
    backoff.reset();
    expect(backoff.afterFailure()).toBe(1000);
    expect(createBackoff(5000, () => 0).afterFailure()).toBe(0);
  });

  test('is no shorter than a Retry-After', () => {
    expect(createBackoff(5000, () => 0).afterFailure(60_000)).toBe(60_000);
  });
});
