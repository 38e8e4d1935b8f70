/** The options of {@link createPeriodicTask}. */
export interface PeriodicTaskOptions {
  /** The name in the log and in the metrics, such as `reconcile`. */
  name: string;
  /** The wait from the end of a round to the start of the next, in milliseconds; after a failed round at most 5,000. */
  intervalMs: number;
  /**
   * Runs one round. When it throws, the task continues with the next round. `isStopping`: whether a long round should end. A
   * round that resolves to {@link SKIPPED} had nothing to do, and is not observed.
   */
  run: (isStopping: () => boolean) => Promise<unknown>;
  /** Called for every round that ended and was not skipped, for the metrics. */
  observe?: ((round: PeriodicTaskRound) => void) | undefined;
  /** Gets a warning for each failed round. */
  log: { warn: (message: string, details: object) => void };
}

/** A round that ended. */
export interface PeriodicTaskRound {
  /** The name of the task. */
  task: string;
  /** The duration of the round, in milliseconds. */
  durationMs: number;
  /** Whether it threw. */
  failed: boolean;
}

/** A task that a process runs in the background, round after round. */
export interface PeriodicTask {
  /** Starts the first round immediately. */
  start: () => void;
  /** Starts no further round. Resolves when the current round has ended. */
  stop: () => Promise<void>;
}

/** The result of a round that another process runs, or that is not due yet. */
export const SKIPPED = Symbol('skipped');
/** The longest wait after a failed round, in milliseconds. */
export const MAX_FAILURE_WAIT_MS = 5000;

/** Creates a periodic task, which does not run before it is started. Its rounds never overlap. */
export function createPeriodicTask({ name, intervalMs, run, observe, log }: PeriodicTaskOptions): PeriodicTask {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();

  const runOnce = async (): Promise<void> => {
    let waitMs = intervalMs;
    let failed = false;
    let skipped = false;
    const startedAt = performance.now();
    try {
      skipped = (await run(() => stopped)) === SKIPPED;
    } catch (error) {
      failed = true;
      waitMs = Math.min(intervalMs, MAX_FAILURE_WAIT_MS);
      log.warn('A round of a periodic task failed; the next round tries again.', { task: name, error });
    }
    if (!skipped) observe?.({ task: name, durationMs: performance.now() - startedAt, failed });
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
