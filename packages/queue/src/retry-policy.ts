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

/** The most attempts that an operator may ask for. */
export const MAX_ATTEMPTS = 20;

/** Three attempts: after 5 to 10 s, and 10 to 20 s after that. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { maxAttempts: 3, initialDelayMs: 10_000, maxDelayMs: 3_600_000, jitter: 0.5 };

/** Between which two waits, in milliseconds, the next attempt comes. */
export interface RetryWindow {
  earliestMs: number;
  latestMs: number;
  /** The policy's cap cut the window: BullMQ's own backoff, which knows no cap, would wait longer. */
  capped: boolean;
}

/**
 * The window in which BullMQ's built-in exponential backoff puts the retry after this attempt: 2^(attempt-1) times the
 * initial delay, of which the part `jitter` is random (measured with BullMQ 6.7).
 *
 * @param attempt the one that failed, from 1
 */
export function retryWindow({ initialDelayMs, maxDelayMs, jitter }: RetryPolicy, attempt: number): RetryWindow {
  const uncappedMs = initialDelayMs * 2 ** (attempt - 1);
  const latestMs = Math.min(uncappedMs, maxDelayMs);
  return { earliestMs: Math.floor(latestMs * (1 - jitter)), latestMs, capped: uncappedMs > maxDelayMs };
}
