/** What has to be undone at the end, the last first, whatever happens. */
export interface Cleanup {
  add: (undo: () => unknown) => void;
  /** Undoes all of it. What fails does not keep the rest from being undone. */
  run: () => Promise<void>;
}

export function createCleanup(): Cleanup {
  const undos: (() => unknown)[] = [];
  return {
    add(undo) {
      undos.push(undo);
    },
    async run() {
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
        try {
          await undo();
        } catch (error) {
          console.error('Cleaning up failed:', error);
        }
      }
    },
  };
}
