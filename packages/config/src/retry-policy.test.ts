import { describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, longestSpanMs, policyOf } from './retry-policy.js';

const NONE = { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null };
const SCHEDULED = { ...DEFAULT_RETRY_POLICY, schedule: 'standard-webhooks' } as const;
const HOUR_MS = 3_600_000;

describe('the retry policy of a webhook', () => {
  test('is the default policy, overridden by the settings of the webhook', () => {
    expect(policyOf(DEFAULT_RETRY_POLICY, NONE)).toEqual(DEFAULT_RETRY_POLICY);
    expect(policyOf(DEFAULT_RETRY_POLICY, { ...NONE, maxAttempts: 7, maxDelayMs: 60_000 })).toEqual({
      ...DEFAULT_RETRY_POLICY,
      maxAttempts: 7,
      maxDelayMs: 60_000,
    });
  });

  test('has the ten attempts of a schedule, that of the webhook or the default one', () => {
    const scheduled = { schedule: 'standard-webhooks', maxAttempts: 10 };
    expect(policyOf(DEFAULT_RETRY_POLICY, { ...NONE, schedule: 'standard-webhooks' })).toMatchObject(scheduled);
    expect(policyOf(SCHEDULED, NONE)).toMatchObject(scheduled);
  });

  test('has no schedule when the webhook has values of its own', () => {
    expect(policyOf(SCHEDULED, { ...NONE, initialDelayMs: 500 })).toMatchObject({
      schedule: null,
      maxAttempts: 3,
      initialDelayMs: 500,
    });
  });

  test('is the default policy for a schedule that is unknown here', () => {
    expect(policyOf(DEFAULT_RETRY_POLICY, { ...NONE, schedule: 'of a later version' })).toEqual(DEFAULT_RETRY_POLICY);
  });
});

describe('the longest time from the first attempt to the last', () => {
  test('is six minutes by default', () => {
    expect(longestSpanMs(DEFAULT_RETRY_POLICY)).toBe(360_000);
  });

  test('is between three and four days by the schedule', () => {
    const policy = policyOf(SCHEDULED, NONE);
    expect(longestSpanMs(policy) / HOUR_MS).toBeGreaterThan(75);
    expect(longestSpanMs(policy) / HOUR_MS).toBeLessThan(4 * 24);
  });

  test('has waits up to the longest one', () => {
    expect(longestSpanMs({ ...DEFAULT_RETRY_POLICY, maxAttempts: 20, initialDelayMs: HOUR_MS, maxDelayMs: HOUR_MS })).toBe(
      19 * HOUR_MS,
    );
  });
});
