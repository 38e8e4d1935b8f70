/** Lets tests wait until something that happens elsewhere has happened. */
export interface Signal {
  /** Something happened: those who wait look again. */
  notify: () => void;
  /**
   * Resolves once the condition holds.
   *
   * @param describe what the error says after the deadline of 20 s
   */
  waitUntil: (holds: () => boolean, describe: () => string) => Promise<void>;
}

const DEADLINE_MS = 20_000;

export function createSignal(): Signal {
  const watchers = new Set<() => void>();
  return {
    notify() {
      for (const watch of watchers) watch();
    },
    waitUntil: (holds, describe) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          settle();
        };
        const watch = (): void => {
          if (holds()) finish(resolve);
        };
        const timer = setTimeout(() => {
          finish(() => {
            reject(new Error(describe()));
          });
        }, DEADLINE_MS);
        watchers.add(watch);
        watch();
      }),
  };
}

/** A promise that a test settles when the time has come: `hold.release()`. */
export function createHold(): { released: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release };
}

/** What never comes. */
export const NEVER = new Promise<never>(() => undefined);
