/** The number of jobs of a queue that wait for a worker, without a call to Redis by the reader. */
export interface Line {
  /**
   * The number of waiting jobs at the last look, and those that this process has added since. A look older than `LOOK_MS` is
   * repeated in the background. Without a recent look the line counts as empty; after a failed one as endless, so that nothing
   * is added to a Redis that does not answer.
   */
  length: () => number;
  /** Looks now. Rejects when Redis is away. */
  read: () => Promise<number>;
  /** Notes that this process adds jobs. */
  add: (jobs: number) => void;
}

interface LineParts {
  /** Counts the waiting jobs in Redis. */
  count: () => Promise<number>;
  /** A monotonic clock, in milliseconds. */
  now: () => number;
}

/** How often a process looks at the line at most, in milliseconds, as long as it needs only its approximate length. */
const LOOK_MS = 100;
/** A look that is older says nothing about the line, in milliseconds. */
const OUTDATED_MS = 1000;

/** Creates the line of a queue. Nothing is read before the first call. */
export function createLine({ count, now }: LineParts): Line {
  let last: { waiting: number; at: number } | undefined;
  let added = 0;
  let askedAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<number> => {
    askedAt = now();
    const addedBefore = added;
    try {
      const waiting = await count();
      last = { waiting, at: now() };
      added -= addedBefore;
      return waiting;
    } catch (error) {
      last = { waiting: Number.POSITIVE_INFINITY, at: now() };
      throw error;
    }
  };

  return {
    length() {
      const at = now();
      if (at - askedAt >= LOOK_MS) read().catch(() => undefined);
      const isOutdated = last !== undefined && at - last.at > OUTDATED_MS && Number.isFinite(last.waiting);
      return (isOutdated ? 0 : (last?.waiting ?? 0)) + added;
    },
    read,
    add(jobs) {
      added += jobs;
    },
  };
}
