interface FollowClockParts {
  /** Reads the database's clock, in Unix milliseconds. */
  readTime: () => Promise<number>;
  /** Brings a chunk of the retries forward by so long, in milliseconds. Returns where the next chunk begins; null: all are done. */
  bringForward: (byMs: number, after?: string) => Promise<string | null>;
  log: { warn: (message: string, details: object) => void };
  /** A monotonic clock, in milliseconds. Default: that of the process. */
  monotonicNow?: () => number;
}

/** The database's clock was set back when it is behind this process's by so much more than in the last round, in milliseconds. */
const SET_BACK_MS = 5000;
/** After so long without a round, in milliseconds, another process has probably made them, and has followed the clock. */
const INTERRUPTED_MS = 60_000;

/**
 * Creates a function that reads the database's clock once in each round, and notices when it was set back. Retries have times of
 * the clock as it was: they are brought forward, since they would wait for that much longer.
 */
export function createFollowClock(parts: FollowClockParts): () => Promise<number> {
  const { readTime, bringForward, log, monotonicNow = () => performance.now() } = parts;
  /** The database's clock at the last reading, and the monotonic clock then. */
  let read: { time: number; at: number } | undefined;
  /** The monotonic clock at the last round. */
  let roundAt = Number.NEGATIVE_INFINITY;
  /** By how much the clock was set back, and the retry behind which retries are still to be brought forward. */
  let setBack: { byMs: number; after: string } | undefined;

  async function finishSetBack(): Promise<void> {
    while (setBack) {
      const after = await bringForward(setBack.byMs, setBack.after);
      setBack = after === null ? undefined : { ...setBack, after };
    }
  }

  return async () => {
    await finishSetBack();
    const askedAt = monotonicNow();
    if (askedAt - roundAt > INTERRUPTED_MS) read = undefined;
    roundAt = askedAt;
    const time = await readTime();
    // At least so much time passed between the two readings, however long the responses took.
    const setBackMs = read ? read.time + (askedAt - read.at) - time : 0;
    read = { time, at: monotonicNow() };
    if (setBackMs >= SET_BACK_MS) {
      log.warn("PostgreSQL's clock was set back. Retries are brought forward.", { by_ms: Math.round(setBackMs) });
      setBack = { byMs: setBackMs, after: '' };
    }
    await finishSetBack();
    return time;
  };
}
