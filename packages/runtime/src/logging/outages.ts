/** Finds out which warnings repeat that something is away. */
export interface Outages {
  /**
   * Returns whether a warning with this error is to be written: the first of an outage, and then one a minute.
   * `heldBack`: how many were not written since the last one that was.
   */
  next: (error: unknown) => { write: boolean; heldBack: number };
}

/** Of the warnings about one outage, one is written in this time, in milliseconds. */
const WRITE_EVERY_MS = 60_000;
/** After so long without a warning, the next one begins another outage, in milliseconds: reconnecting clients fail more often. */
const OVER_AFTER_MS = 15_000;

/**
 * Creates the memory of outages.
 *
 * @param outageOf names the outage that an error belongs to, such as `Redis cannot be reached`; undefined: none
 * @param now a monotonic clock, in milliseconds
 */
export function createOutages(outageOf: (error: unknown) => string | undefined, now = () => performance.now()): Outages {
  const outages = new Map<string, { writtenAt: number; lastAt: number; heldBack: number }>();
  return {
    next(error) {
      const name = outageOf(error);
      if (name === undefined) return { write: true, heldBack: 0 };
      const at = now();
      const outage = outages.get(name);
      if (outage !== undefined && at - outage.writtenAt < WRITE_EVERY_MS && at - outage.lastAt < OVER_AFTER_MS) {
        outage.lastAt = at;
        outage.heldBack += 1;
        return { write: false, heldBack: outage.heldBack };
      }
      outages.set(name, { writtenAt: at, lastAt: at, heldBack: 0 });
      return { write: true, heldBack: outage?.heldBack ?? 0 };
    },
  };
}
