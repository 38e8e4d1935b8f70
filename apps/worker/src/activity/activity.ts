import { DURATION_BOUNDS_MS, durationClass, type MinuteActivity, type OwnerActivity } from '@tidings/database';

const MINUTE_MS = 60_000;
const PERIOD_MS = 600_000;

interface ActivityCounts {
  minutes: readonly MinuteActivity[];
  owners: readonly OwnerActivity[];
}

/** Counts of attempts for the operator's charts. */
export interface Activity {
  /** Counts a recorded attempt. `errorClass`: null when it succeeded. */
  count: (attempt: { owner: string; errorClass: string | null; durationMs: number }) => void;
  /**
   * Adds the counts since the last flush to the counts of all workers in the database. Rejects while the database is away; the
   * counts are then kept for the next flush.
   */
  flush: () => Promise<void>;
}

/**
 * Counts the attempts of this worker for the operator's charts: per minute and outcome, and per owner in ten minutes.
 *
 * @param add adds counts to those in the database
 * @param now in Unix milliseconds; default `Date.now`
 */
export function createActivity(add: (counts: ActivityCounts) => Promise<void>, now: () => number = Date.now): Activity {
  let minutes = new Map<string, MinuteActivity>();
  let owners = new Map<string, OwnerActivity>();

  const minuteOf = (at: number, outcome: string): MinuteActivity => {
    const minute = at - (at % MINUTE_MS);
    const key = `${String(minute)} ${outcome}`;
    let entry = minutes.get(key);
    if (!entry) {
      const durations = new Array<number>(DURATION_BOUNDS_MS.length + 1).fill(0);
      minutes.set(key, (entry = { minute: new Date(minute), outcome, attempts: 0, durations }));
    }
    return entry;
  };
  const ownerOf = (at: number, owner: string): OwnerActivity => {
    const period = at - (at % PERIOD_MS);
    const key = `${String(period)} ${owner}`;
    let entry = owners.get(key);
    if (!entry) owners.set(key, (entry = { period: new Date(period), owner, attempts: 0, failed: 0, busyMs: 0 }));
    return entry;
  };

  return {
    count({ owner, errorClass, durationMs }) {
      const at = now();
      const minute = minuteOf(at, errorClass ?? 'succeeded');
      minute.attempts += 1;
      const index = durationClass(durationMs);
      minute.durations[index] = (minute.durations[index] ?? 0) + 1;
      const entry = ownerOf(at, owner);
      entry.attempts += 1;
      entry.busyMs += durationMs;
      if (errorClass !== null) entry.failed += 1;
    },
    async flush() {
      if (minutes.size === 0) return;
      const counts = { minutes: [...minutes.values()], owners: [...owners.values()] };
      const flushed = { minutes, owners };
      minutes = new Map();
      owners = new Map();
      try {
        await add(counts);
      } catch (error) {
        restore(flushed);
        throw error;
      }
    },
  };

  /** Adds counts that could not be flushed to those that were counted since. */
  function restore(flushed: { minutes: typeof minutes; owners: typeof owners }): void {
    for (const { minute, outcome, attempts, durations } of flushed.minutes.values()) {
      const entry = minuteOf(minute.getTime(), outcome);
      entry.attempts += attempts;
      entry.durations = entry.durations.map((count, index) => count + (durations[index] ?? 0));
    }
    for (const { period, owner, attempts, failed, busyMs } of flushed.owners.values()) {
      const entry = ownerOf(period.getTime(), owner);
      entry.attempts += attempts;
      entry.failed += failed;
      entry.busyMs += busyMs;
    }
  }
}
