import { nextDelay, type RetryPolicy } from './retry-policy.js';
import type { AttemptResult } from './attempt-result.js';

/** What becomes of a delivery after an attempt. `delayMs`: until the next one is due. */
export type Outcome = { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; delayMs: number };

/** What the owner of a webhook may set of the retry policy; null where the system's holds. */
export interface RetryOverride {
  maxAttempts: number | null;
  initialDelayMs: number | null;
  maxDelayMs: number | null;
}

/** The system's policy, with what the webhook's owner set. */
export function policyOf(system: RetryPolicy, { maxAttempts, initialDelayMs, maxDelayMs }: RetryOverride): RetryPolicy {
  return {
    maxAttempts: maxAttempts ?? system.maxAttempts,
    initialDelayMs: initialDelayMs ?? system.initialDelayMs,
    maxDelayMs: maxDelayMs ?? system.maxDelayMs,
    jitter: system.jitter,
  };
}

const GONE = 410;
/** The statuses whose `Retry-After` is heeded (RFC 6585, 4; RFC 9110, 15.6.4). */
const ASKS_TO_WAIT = [429, 503];

/**
 * A 2xx is success, a 410 the end: the receiver wants no more (the webhook is disabled with the record of it). Everything
 * else is tried again while the policy leaves attempts: receivers deploy bugs, so a 404 may be gone with the next release.
 *
 * @param attempt which attempt this was, from 1, as the policy counts
 * @param random from 0 up to, not including, 1
 */
export function decideOutcome(
  { errorClass, statusCode, retryAfterMs }: Pick<AttemptResult, 'errorClass' | 'statusCode' | 'retryAfterMs'>,
  attempt: number,
  policy: RetryPolicy,
  random: number,
): Outcome {
  if (errorClass === null) return { status: 'succeeded' };
  if (statusCode === GONE || attempt >= policy.maxAttempts) return { status: 'failed' };
  const asked = ASKS_TO_WAIT.includes(statusCode ?? 0) ? retryAfterMs : null;
  return { status: 'pending', delayMs: asked ?? nextDelay(policy, attempt, random) };
}
