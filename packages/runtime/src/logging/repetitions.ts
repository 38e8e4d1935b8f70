/** Finds out which lines of the log repeat an earlier one. */
export interface Repetitions {
  /**
   * Returns whether a line about this topic is to be written: the first one, and then one a minute. `fields` belong to the written
   * line: `held_back` is the number of lines that were not written since the last one that was; absent when there are none.
   */
  next: (topic: string) => { write: boolean; fields: { held_back?: number } };
}

/** Of the lines about one topic, one is written in this time, in milliseconds. */
const WRITE_EVERY_MS = 60_000;
/** Limits the topics that are remembered: more than there are messages in the code. */
const MAX_TOPICS = 1000;

/**
 * Creates the memory of what was written: whatever goes wrong again and again would otherwise fill the log.
 *
 * @param overAfterMs after so long without a line about a topic, the next one is written at once: it begins another outage.
 *   Default: never
 * @param now a monotonic clock, in milliseconds
 */
export function createRepetitions({ overAfterMs = Infinity, now = () => performance.now() } = {}): Repetitions {
  const topics = new Map<string, { writtenAt: number; lastAt: number; heldBack: number }>();
  return {
    next(topic) {
      const at = now();
      const last = topics.get(topic);
      if (last !== undefined && at - last.writtenAt < WRITE_EVERY_MS && at - last.lastAt < overAfterMs) {
        last.lastAt = at;
        last.heldBack += 1;
        return { write: false, fields: {} };
      }
      if (topics.size >= MAX_TOPICS) topics.clear();
      topics.set(topic, { writtenAt: at, lastAt: at, heldBack: 0 });
      return { write: true, fields: last === undefined || last.heldBack === 0 ? {} : { held_back: last.heldBack } };
    },
  };
}
