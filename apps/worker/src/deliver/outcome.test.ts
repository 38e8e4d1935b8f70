import { describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_POLICY } from '@tidings/config';
import { decideOutcome } from './outcome.js';

const answered = (statusCode: number, retryAfterMs: number | null = null) =>
  ({ errorClass: statusCode < 300 ? null : 'http_status', statusCode, retryAfterMs }) as const;
const decide = (result: Parameters<typeof decideOutcome>[0], attempt: number) =>
  decideOutcome(result, attempt, DEFAULT_RETRY_POLICY, 0.5);

describe('the outcome of an attempt', () => {
  test('is success after a 2xx, on every attempt', () => {
    expect(decide(answered(200), 1)).toEqual({ status: 'succeeded' });
    expect(decide(answered(204), 3)).toEqual({ status: 'succeeded' });
  });

  test.each(['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked'] as const)(
    'is a retry after an error of the class %s, until the last attempt',
    (errorClass) => {
      const result = { errorClass, statusCode: null, retryAfterMs: null };
      expect(decide(result, 1)).toEqual({ status: 'pending', delayMs: 5000 });
      expect(decide(result, 2)).toEqual({ status: 'pending', delayMs: 10_000 });
      expect(decide(result, 3)).toEqual({ status: 'failed' });
    },
  );

  test.each([301, 302, 400, 401, 404, 408, 425, 429, 500, 502, 503, 504])(
    'is a retry after a %i, until the last attempt',
    (statusCode) => {
      expect(decide(answered(statusCode), 1)).toEqual({ status: 'pending', delayMs: 5000 });
      expect(decide(answered(statusCode), 3)).toEqual({ status: 'failed' });
    },
  );

  test('is failure after a 410: the receiver wants no more events', () => {
    expect(decide(answered(410), 1)).toEqual({ status: 'failed' });
  });

  test.each([429, 503])('is a retry after the Retry-After of a %i, while the policy has attempts left', (statusCode) => {
    expect(decide(answered(statusCode, 90_000), 1)).toEqual({ status: 'pending', delayMs: 90_000 });
    expect(decide(answered(statusCode, 0), 1)).toEqual({ status: 'pending', delayMs: 0 });
    expect(decide(answered(statusCode, 90_000), 3)).toEqual({ status: 'failed' });
  });

  test('ignores Retry-After on other statuses', () => {
    expect(decide(answered(500, 90_000), 1)).toEqual({ status: 'pending', delayMs: 5000 });
  });
});
