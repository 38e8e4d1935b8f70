import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RETRY_POLICY } from '@tidings/config';
import { nextDelay, policyOf } from './retry-policy.js';

describe('the wait before a retry', () => {
  test('is up to 10 s by default, and up to 20 s after the second attempt', () => {
    expect([0, 0.5, 0.9999].map((random) => nextDelay(DEFAULT_RETRY_POLICY, 1, random))).toEqual([0, 5000, 9999]);
    expect([0, 0.5, 0.9999].map((random) => nextDelay(DEFAULT_RETRY_POLICY, 2, random))).toEqual([0, 10_000, 19_998]);
  });

  test('is random only in the part that the policy sets', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, jitter: 0.5 };
    expect([0, 0.5, 0.9999].map((random) => nextDelay(policy, 1, random))).toEqual([5000, 7500, 9999]);
    expect(nextDelay({ ...policy, jitter: 0 }, 3, 0.7)).toBe(40_000);
  });

  test('is never longer than the cap, nor negative', () => {
    const policy = fc.record({
      maxAttempts: fc.constant(20),
      initialDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      maxDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (given, attempt, random) => {
          const delayMs = nextDelay(given, attempt, random);
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(Math.min(given.maxDelayMs, given.initialDelayMs * 2 ** (attempt - 1)));
        },
      ),
    );
  });
});

describe('the retry policy of a webhook', () => {
  test('is the default policy, overridden by the settings of the webhook', () => {
    expect(policyOf(DEFAULT_RETRY_POLICY, { maxAttempts: null, initialDelayMs: null, maxDelayMs: null })).toEqual(
      DEFAULT_RETRY_POLICY,
    );
    expect(policyOf(DEFAULT_RETRY_POLICY, { maxAttempts: 7, initialDelayMs: null, maxDelayMs: 60_000 })).toEqual({
      ...DEFAULT_RETRY_POLICY,
      maxAttempts: 7,
      maxDelayMs: 60_000,
    });
  });
});
