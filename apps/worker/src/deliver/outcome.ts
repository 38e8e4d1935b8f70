import { retryWindow, type RetryPolicy, type RetryWindow } from '@tidings/queue';
import type { AttemptResult } from './attempt-result.js';

/** What becomes of a delivery after an attempt. */
export type Outcome = { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; retry: RetryWindow };

/**
 * A 2xx is success. Everything else is tried again while the policy leaves attempts: receivers deploy bugs, so a 404
 * may be gone with the next release.
 *
 * @param attempt which attempt this was, from 1
 */
export function decideOutcome(result: Pick<AttemptResult, 'errorClass'>, attempt: number, policy: RetryPolicy): Outcome {
  if (result.errorClass === null) return { status: 'succeeded' };
  if (attempt >= policy.maxAttempts) return { status: 'failed' };
  return { status: 'pending', retry: retryWindow(policy, attempt) };
}
