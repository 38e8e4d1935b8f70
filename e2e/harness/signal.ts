/** Lets a test wait for a condition that other code makes true. */
export interface Signal {
  /** Checks the conditions of all waiting calls again. */
  notify: () => void;
  /**
   * Resolves once the condition is true, and rejects after 30 s.
   *
   * @param describe returns the message of the error
   */
  waitUntil: (condition: () => boolean, describe: () => string) => Promise<void>;
}

const DEADLINE_MS = 30_000;

/** Creates a signal without waiting calls. */
export function createSignal(): Signal {
  const checks = new Set<() => void>();
  return {
    notify() {
      for (const check of checks) check();
    },
    waitUntil: (condition, describe) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          checks.delete(check);
          settle();
        };
        const check = (): void => {
          if (condition()) finish(resolve);
        };
        const timer = setTimeout(() => {
          finish(() => {
            reject(new Error(describe()));
          });
        }, DEADLINE_MS);
        checks.add(check);
        check();
      }),
  };
}

/** A promise that the test resolves: `await hold.released` waits for `hold.release()`. */
export function createHold(): { released: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release };
}

/** A promise that never settles, for a receiver that never answers. */
export const NEVER = new Promise<never>(() => undefined);
