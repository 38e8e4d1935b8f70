import { describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_POLICY } from '@tidings/queue';
import { decideOutcome } from './outcome.js';

describe('the outcome of an attempt', () => {
  test('is success after a 2xx, on whichever attempt', () => {
    expect(decideOutcome({ errorClass: null }, 1, DEFAULT_RETRY_POLICY)).toEqual({ status: 'succeeded' });
    expect(decideOutcome({ errorClass: null }, 3, DEFAULT_RETRY_POLICY)).toEqual({ status: 'succeeded' });
  });

  test.each(['dns', 'connect', 'tls', 'timeout', 'reset', 'protocol', 'blocked', 'http_status'] as const)(
    'is another attempt after an error of the class %s, until the last',
    (errorClass) => {
      expect(decideOutcome({ errorClass }, 1, DEFAULT_RETRY_POLICY)).toMatchObject({
        status: 'pending',
        retry: { latestMs: 10_000 },
      });
      expect(decideOutcome({ errorClass }, 2, DEFAULT_RETRY_POLICY)).toMatchObject({
        status: 'pending',
        retry: { latestMs: 20_000 },
      });
      expect(decideOutcome({ errorClass }, 3, DEFAULT_RETRY_POLICY)).toEqual({ status: 'failed' });
    },
  );
});
