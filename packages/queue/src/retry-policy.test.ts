import { describe, expect, test } from '@jest/globals';
import { Backoffs } from 'bullmq';
import fc from 'fast-check';
import { DEFAULT_RETRY_POLICY, retryWindow } from './retry-policy.js';

describe('the wait before a retry', () => {
  test('is 5 to 10 s by default, and 10 to 20 s after the second attempt', () => {
    expect(retryWindow(DEFAULT_RETRY_POLICY, 1)).toEqual({ earliestMs: 5000, latestMs: 10_000, capped: false });
    expect(retryWindow(DEFAULT_RETRY_POLICY, 2)).toEqual({ earliestMs: 10_000, latestMs: 20_000, capped: false });
  });

  test('is never longer than the cap', () => {
    expect(retryWindow({ ...DEFAULT_RETRY_POLICY, maxDelayMs: 15_000 }, 2)).toEqual({
      earliestMs: 7500,
      latestMs: 15_000,
      capped: true,
    });
  });

  test('is where BullMQ itself puts it, unless the cap cuts it', () => {
    const policy = fc.record({
      maxAttempts: fc.constant(20),
      initialDelayMs: fc.integer({ min: 1, max: 86_400_000 }),
      maxDelayMs: fc.constant(Number.MAX_SAFE_INTEGER),
      jitter: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 20 }), (given, attempt) => {
        const { earliestMs, latestMs } = retryWindow(given, attempt);
        const delayMs = Backoffs.calculate(
          { type: 'exponential', delay: given.initialDelayMs, jitter: given.jitter },
          attempt,
          new Error(),
          // Built-in strategies do not look at the job.
          undefined as never,
        ) as number;
        expect(delayMs).toBeGreaterThanOrEqual(earliestMs);
        expect(delayMs).toBeLessThanOrEqual(latestMs);
      }),
    );
  });
});
