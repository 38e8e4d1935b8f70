/** Cleanup functions that run at the end of a run, in reverse order, also after an error. */
export interface Cleanup {
  add: (cleanUp: () => unknown) => void;
  /** Runs all of them. It logs the error of one that fails, and runs the rest. */
  run: () => Promise<void>;
}

export function createCleanup(): Cleanup {
  const pending: (() => unknown)[] = [];
  return {
    add(cleanUp) {
      pending.push(cleanUp);
    },
    async run() {
      for (let cleanUp = pending.pop(); cleanUp !== undefined; cleanUp = pending.pop()) {
        try {
          await cleanUp();
        } catch (error) {
          console.error('A cleanup function failed:', error);
        }
      }
    },
  };
}
