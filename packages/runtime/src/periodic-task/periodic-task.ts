export interface PeriodicTaskOptions {
  /** For the log, such as `reconcile`. */
  name: string;
  /** From the end of one round to the beginning of the next, in milliseconds; after one that failed at most 5,000. */
  intervalMs: number;
  /** One round. When it throws, the next one goes on. `stopping` tells a long round that it should end. */
  run: (stopping: () => boolean) => Promise<void>;
  /** Told of every round that ended, for the metrics. */
  observe?: ((round: PeriodicTaskRound) => void) | undefined;
  log: { warn: (message: string, details: object) => void };
}

/** A round that ended. */
export interface PeriodicTaskRound {
  task: string;
  durationMs: number;
  /** Whether it threw. */
  failed: boolean;
}

export interface PeriodicTask {
  /** Begins the first round at once. */
  start: () => void;
  /** Begins no further round, and resolves when the one under way has ended. */
  stop: () => Promise<void>;
}

/** After a round that failed the next one comes at the latest after this long, in milliseconds. */
const AFTER_FAILURE_MS = 5000;

/** What a process does in the background, again and again. Rounds never overlap. */
export function createPeriodicTask({ name, intervalMs, run, observe, log }: PeriodicTaskOptions): PeriodicTask {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();

  const runOnce = async (): Promise<void> => {
    let waitMs = intervalMs;
    let failed = false;
    const startedAt = performance.now();
    try {
      await run(() => stopped);
    } catch (error) {
      failed = true;
      waitMs = Math.min(intervalMs, AFTER_FAILURE_MS);
      log.warn('A round of a background task failed; the next one goes on.', { task: name, error });
    }
    observe?.({ task: name, durationMs: performance.now() - startedAt, failed });
    if (!stopped) timer = setTimeout(start, waitMs);
  };

  const start = (): void => {
    round = runOnce();
  };

  return {
    start,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
