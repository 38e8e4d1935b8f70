/** Decides how long to wait before the next connection. All times are in milliseconds. */
export interface Backoff {
  /** Returns the wait after the server ended a connection: the time that it asked for. */
  afterEnd: () => number;
  /**
   * Returns the wait after a failure: full jitter below a bound that doubles with each consecutive failure, and at least
   * `retryAfterMs`.
   */
  afterFailure: (retryAfterMs?: number) => number;
  /** Sets the wait that the server asks for after a connection. */
  setRetry: (ms: number) => void;
  /** Resets the count of failures after a successful connection. */
  reset: () => void;
}

const INITIAL_MS = 1000;

/**
 * Creates a backoff.
 *
 * @param maxMs the maximum of the bound; only a `retryAfterMs` may be longer
 */
export function createBackoff(maxMs: number, random: () => number = Math.random): Backoff {
  let retryMs = INITIAL_MS;
  let failures = 0;
  return {
    afterEnd: () => retryMs,
    afterFailure(retryAfterMs = 0) {
      const bound = Math.min(maxMs, INITIAL_MS * 2 ** failures);
      failures += 1;
      return Math.max(retryAfterMs, random() * bound);
    },
    setRetry(ms) {
      retryMs = ms;
    },
    reset() {
      failures = 0;
    },
  };
}
