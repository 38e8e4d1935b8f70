import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RETRY_POLICY } from '@tidings/config';
import { nextDelay } from './retry-policy.js';

describe('the wait before a retry', () => {
  test('is one to two minutes by default, and two to four after the second attempt: never near zero', () => {
    expect([0, 0.5, 0.9999].map((random) => nextDelay(DEFAULT_RETRY_POLICY, 1, random))).toEqual([60_000, 90_000, 119_994]);
    expect([0, 0.5, 0.9999].map((random) => nextDelay(DEFAULT_RETRY_POLICY, 2, random))).toEqual([120_000, 180_000, 239_988]);
  });

  test('is that of the schedule, and up to a tenth longer', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, schedule: 'standard-webhooks', maxAttempts: 10 } as const;
    const hours = [2, 5, 10, 14, 20, 24].map((count) => count * 3_600_000);
    const waits = [5000, 300_000, 1_800_000, ...hours];
    expect(waits.map((_, index) => nextDelay(policy, index + 1, 0))).toEqual(waits);
    expect(nextDelay(policy, 2, 0.5)).toBe(315_000);
  });

  test('is random only in the part that the policy sets', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, initialDelayMs: 10_000 };
    expect([0, 0.5, 0.9999].map((random) => nextDelay(policy, 1, random))).toEqual([5000, 7500, 9999]);
    expect(nextDelay({ ...policy, jitter: 0 }, 3, 0.7)).toBe(40_000);
  });

  test('is never longer than the cap, nor negative', () => {
    const policy = fc.record({
      maxAttempts: fc.constant(20),
      initialDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      maxDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      schedule: fc.constant(null),
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
