/** When a failed delivery is tried again: exponential backoff with jitter, capped. */
export interface RetryPolicy {
  /** How many attempts there are in all. */
  maxAttempts: number;
  /** The longest wait before the second attempt, in milliseconds; it doubles with each further one. */
  initialDelayMs: number;
  /** No wait is longer, in milliseconds. */
  maxDelayMs: number;
  /** The part of each wait that is random, 0 to 1. */
  jitter: number;
}

/**
 * The wait before the next attempt, in milliseconds: exponential backoff, capped, of which the part `jitter` is random.
 * With full jitter (1) receivers that come back get their backlog spread over the whole wait, not in one blow
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param attempt the one that failed, from 1
 * @param random from 0 up to, not including, 1
 */
export function nextDelay({ initialDelayMs, maxDelayMs, jitter }: RetryPolicy, attempt: number, random: number): number {
  const longestMs = Math.min(initialDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return Math.floor(longestMs * (1 - jitter + jitter * random));
}
