import { nextDelay, type RetryPolicy } from './retry-policy.js';
import type { AttemptResult } from './attempt-result.js';

/** The status of a delivery after an attempt. `delayMs`: the wait until the next attempt, in milliseconds. */
export type Outcome = { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; delayMs: number };

const GONE = 410;
/** The statuses whose `Retry-After` is used (RFC 6585, 4; RFC 9110, 15.6.4). */
const RETRY_AFTER_STATUSES = [429, 503];

/**
 * Decides the outcome of an attempt. A 2xx succeeds. A 410 fails: the receiver wants no more events, and recording the attempt
 * disables the webhook. Every other result is retried while the policy has attempts left: receivers deploy bugs, so a 404 may
 * be fixed by the next release.
 *
 * @param attempt the number of the attempt, from 1; a replay starts again at 1
 * @param random from 0 up to, but not including, 1
 */
export function decideOutcome(
  { errorClass, statusCode, retryAfterMs }: Pick<AttemptResult, 'errorClass' | 'statusCode' | 'retryAfterMs'>,
  attempt: number,
  policy: RetryPolicy,
  random: number,
): Outcome {
  if (errorClass === null) return { status: 'succeeded' };
  if (statusCode === GONE || attempt >= policy.maxAttempts) return { status: 'failed' };
  const requestedMs = RETRY_AFTER_STATUSES.includes(statusCode ?? 0) ? retryAfterMs : null;
  return { status: 'pending', delayMs: requestedMs ?? nextDelay(policy, attempt, random) };
}
