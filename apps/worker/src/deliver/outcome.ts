import type { RetryPolicy } from '@tidings/config';
import { nextDelay } from './retry-policy.js';
import type { AttemptResult } from './attempt-result.js';

/**
 * The status of a delivery after an attempt. `delayMs`: the wait until the next attempt, in milliseconds. `counted`: whether the
 * attempt used up one of the policy's; after one that did not, the delivery waits for the end of its webhook's hold.
 */
export type Outcome = { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; delayMs: number; counted: boolean };

const GONE = 410;
/** For so long after a delivery's first attempt, in milliseconds, those that the receiver throttles are not counted. */
const UNCOUNTED_MS = 86_400_000;

/**
 * Decides the outcome of an attempt. A 2xx succeeds. A 410 fails: the receiver wants no more events, and recording the attempt
 * disables the webhook. Every other result is retried while the policy has attempts left: receivers deploy bugs, so a 404 may
 * be fixed by the next release. An attempt that the receiver throttled uses up none: the event may be welcome, only not now. After
 * a day such attempts are counted too, so that every delivery ends.
 *
 * @param attempt the number of the attempt, from 1; a replay starts again at 1
 * @param random from 0 up to, but not including, 1
 * @param firstAttemptAgoMs the time since the delivery's first attempt; null: this is it
 */
export function decideOutcome(
  { errorClass, statusCode }: Pick<AttemptResult, 'errorClass' | 'statusCode'>,
  attempt: number,
  policy: RetryPolicy,
  random: number,
  firstAttemptAgoMs: number | null = null,
): Outcome {
  if (errorClass === null) return { status: 'succeeded' };
  if (errorClass === 'throttled' && (firstAttemptAgoMs ?? 0) < UNCOUNTED_MS)
    return { status: 'pending', delayMs: 0, counted: false };
  if (statusCode === GONE || attempt >= policy.maxAttempts) return { status: 'failed' };
  return { status: 'pending', delayMs: nextDelay(policy, attempt, random), counted: true };
}
