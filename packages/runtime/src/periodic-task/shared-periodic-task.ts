import {
  createPeriodicTask,
  MAX_FAILURE_WAIT_MS,
  SKIPPED,
  type PeriodicTask,
  type PeriodicTaskOptions,
} from './periodic-task.js';

/** Decides which process runs a task. It is a row with an expiry: no session, so it also works behind a transaction pooler. */
export interface TaskHold {
  /** Takes the task, or renews it: true when this process holds it for the next `forMs` milliseconds. */
  take: (task: string, forMs: number) => Promise<boolean>;
  /** Gives the task back, so that another process need not wait until it expires. */
  giveBack: (task: string) => Promise<void>;
}

/** The options of {@link createSharedPeriodicTask}. */
export interface SharedPeriodicTaskOptions extends PeriodicTaskOptions {
  hold: TaskHold;
}

/** How often a process asks for the task at most, in milliseconds: a task whose process died is taken over soon after it expired. */
const ASK_MS = 2000;
/** How long a process holds the task without renewing it, as a multiple of the time between two requests … */
const HOLD_FACTOR = 3;
/** … and at least, in milliseconds: a process that is busy for a few seconds keeps it. */
const HOLD_AT_LEAST_MS = 5000;

/**
 * Creates a periodic task that only one of all processes runs. The others ask for it, and one of them continues with it
 * a few seconds after the process that ran it died. The holder renews its hold during a long round. A process that was frozen
 * for longer than its hold may run a round beside its successor, so rounds must tolerate that.
 */
export function createSharedPeriodicTask(options: SharedPeriodicTaskOptions): PeriodicTask {
  const { name, intervalMs, run, hold, ...others } = options;
  const askMs = Math.min(intervalMs, ASK_MS);
  const holdMs = Math.max(HOLD_FACTOR * askMs, HOLD_AT_LEAST_MS);
  let isHeld = false;
  let dueAt = Number.NEGATIVE_INFINITY;

  const take = async (): Promise<void> => {
    isHeld = await hold.take(name, holdMs);
  };

  const round = async (isStopping: () => boolean): Promise<unknown> => {
    await take();
    if (!isHeld || performance.now() < dueAt) return SKIPPED;
    // A timer may fire a little too early. Half a request earlier, the round is not put off by a whole one.
    const waitFor = (waitMs: number) => (dueAt = performance.now() + waitMs - askMs / 2);
    // PostgreSQL may be away for a moment: the hold lasts for two more requests.
    const renewal = setInterval(() => void take().catch(() => undefined), holdMs / HOLD_FACTOR);
    try {
      const result = await run(() => isStopping() || !isHeld);
      waitFor(intervalMs);
      return result;
    } catch (error) {
      waitFor(Math.min(intervalMs, MAX_FAILURE_WAIT_MS));
      throw error;
    } finally {
      clearInterval(renewal);
    }
  };

  const task = createPeriodicTask({ name, intervalMs: askMs, run: round, ...others });
  return {
    start: task.start,
    async stop() {
      await task.stop();
      // If PostgreSQL is away, the hold expires.
      if (isHeld) await hold.giveBack(name).catch(() => undefined);
      isHeld = false;
    },
  };
}
