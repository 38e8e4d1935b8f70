/** When a delivery is retried after a failed attempt: capped exponential backoff with jitter. */
export interface RetryPolicy {
  /** The number of attempts, including the first. */
  maxAttempts: number;
  /** The longest wait before the second attempt, in milliseconds. It doubles with each further attempt. */
  initialDelayMs: number;
  /** The cap of every wait, in milliseconds. */
  maxDelayMs: number;
  /** The part of each wait that is random, from 0 to 1. */
  jitter: number;
}

/** The part of the retry policy that the owner of a webhook may set. Null: the default policy applies. */
export interface RetryOverride {
  maxAttempts: number | null;
  initialDelayMs: number | null;
  maxDelayMs: number | null;
}

/** Returns the default policy, overridden by the settings of the webhook. */
export function policyOf(defaults: RetryPolicy, { maxAttempts, initialDelayMs, maxDelayMs }: RetryOverride): RetryPolicy {
  return {
    maxAttempts: maxAttempts ?? defaults.maxAttempts,
    initialDelayMs: initialDelayMs ?? defaults.initialDelayMs,
    maxDelayMs: maxDelayMs ?? defaults.maxDelayMs,
    jitter: defaults.jitter,
  };
}

/**
 * Returns the wait before the next attempt, in milliseconds: capped exponential backoff, of which the part `jitter` is random.
 * With full jitter (1) a receiver that recovers gets its backlog spread over the whole wait, not all at once
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param attempt the number of the failed attempt, from 1
 * @param random from 0 up to, but not including, 1
 */
export function nextDelay({ initialDelayMs, maxDelayMs, jitter }: RetryPolicy, attempt: number, random: number): number {
  const maxWaitMs = Math.min(initialDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return Math.floor(maxWaitMs * (1 - jitter + jitter * random));
}
