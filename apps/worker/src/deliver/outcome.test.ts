import { describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_POLICY } from '@tidings/config';
import { decideOutcome } from './outcome.js';

const answered = (statusCode: number) => ({ errorClass: statusCode < 300 ? null : 'http_status', statusCode }) as const;
const decide = (result: Parameters<typeof decideOutcome>[0], attempt: number, firstAttemptAgoMs: number | null = null) =>
  decideOutcome(result, attempt, DEFAULT_RETRY_POLICY, 0.5, firstAttemptAgoMs);
const retried = (delayMs: number) => ({ status: 'pending', delayMs, counted: true });

describe('the outcome of an attempt', () => {
  test('is success after a 2xx, on every attempt', () => {
    expect(decide(answered(200), 1)).toEqual({ status: 'succeeded' });
    expect(decide(answered(204), 3)).toEqual({ status: 'succeeded' });
  });

  test.each(['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked'] as const)(
    'is a retry after an error of the class %s, until the last attempt',
    (errorClass) => {
      const result = { errorClass, statusCode: null };
      expect(decide(result, 1)).toEqual(retried(90_000));
      expect(decide(result, 2)).toEqual(retried(180_000));
      expect(decide(result, 3)).toEqual({ status: 'failed' });
    },
  );

  test.each([301, 302, 400, 401, 404, 408, 425, 500, 502, 503, 504])(
    'is a retry after a %i, until the last attempt',
    (statusCode) => {
      expect(decide(answered(statusCode), 1)).toEqual(retried(90_000));
      expect(decide(answered(statusCode), 3)).toEqual({ status: 'failed' });
    },
  );

  test('is failure after a 410: the receiver wants no more events', () => {
    expect(decide(answered(410), 1)).toEqual({ status: 'failed' });
  });

  describe.each([429, 503])('when the receiver asks to slow down, with a %i,', (statusCode) => {
    const throttled = { errorClass: 'throttled', statusCode } as const;
    const DAY_MS = 86_400_000;

    test('uses up no attempt for a day after the first one', () => {
      const uncounted = { status: 'pending', delayMs: 0, counted: false };
      expect(decide(throttled, 1)).toEqual(uncounted);
      expect(decide(throttled, 3, DAY_MS - 1)).toEqual(uncounted);
    });

    test('is like any other failure afterwards, so that every delivery ends', () => {
      expect(decide(throttled, 1, DAY_MS)).toEqual(retried(90_000));
      expect(decide(throttled, 3, DAY_MS)).toEqual({ status: 'failed' });
    });
  });
});
