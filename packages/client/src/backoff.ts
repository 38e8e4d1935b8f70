/** When to connect again, in milliseconds. */
export interface Backoff {
  /** What the server asked for, after a connection that it ended. */
  afterEnd: () => number;
  /** After a failure: full jitter below a bound that doubles with each failure in a row, and no earlier than was asked for. */
  afterFailure: (retryAfterMs?: number) => number;
  /** The server said how long to wait after a connection. */
  setRetry: (ms: number) => void;
  /** A connection stood: failures count from the beginning. */
  reset: () => void;
}

const INITIAL_MS = 1000;

/** @param maxMs no wait by its own choice is longer */
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
