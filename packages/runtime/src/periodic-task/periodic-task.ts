/** The options of {@link createPeriodicTask}. */
export interface PeriodicTaskOptions {
  /** The name in the log and in the metrics, such as `reconcile`. */
  name: string;
  /**
   * The time between the starts of two rounds, in milliseconds; after a failed round at most 5,000. Rounds start at its multiples, so
   * that a process whose tasks have nothing to do wakes up once for all of them.
   */
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

/** The next round starts after at least this part of the interval: a timer may fire a little early, and would fire twice. */
const LEAST_WAIT = 10;

/** The time until the next multiple of the interval; the whole interval when that comes too soon. In milliseconds. */
function untilMultipleOf(intervalMs: number, atLeastMs: number): number {
  const waitMs = intervalMs - (performance.now() % intervalMs);
  return waitMs < atLeastMs ? intervalMs : waitMs;
}

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
    const durationMs = performance.now() - startedAt;
    if (!skipped) observe?.({ task: name, durationMs, failed });
    if (!stopped) timer = setTimeout(start, untilMultipleOf(waitMs, Math.max(durationMs, waitMs / LEAST_WAIT)));
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
