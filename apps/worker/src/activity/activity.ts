import { DURATION_BOUNDS_MS, durationClass, type MinuteActivity, type OwnerActivity } from '@tidings/database';

const MINUTE_MS = 60_000;
const PERIOD_MS = 600_000;

interface Counted {
  minutes: readonly MinuteActivity[];
  owners: readonly OwnerActivity[];
}

export interface Activity {
  /** Counts an attempt that was recorded. */
  count: (attempt: { owner: string; errorClass: string | null; durationMs: number }) => void;
  /** Adds what was counted since the last time to what all workers counted. Rejects while the database is away: then it is kept. */
  flush: () => Promise<void>;
}

/** What this worker attempts, counted for the operator's charts: by minute and outcome, and by user in ten minutes. */
export function createActivity(add: (counted: Counted) => Promise<void>, now: () => number = Date.now): Activity {
  let minutes = new Map<string, MinuteActivity>();
  let users = new Map<string, OwnerActivity>();

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
  const userOf = (at: number, owner: string): OwnerActivity => {
    const period = at - (at % PERIOD_MS);
    const key = `${String(period)} ${owner}`;
    let entry = users.get(key);
    if (!entry) users.set(key, (entry = { period: new Date(period), owner, attempts: 0, failed: 0, busyMs: 0 }));
    return entry;
  };

  return {
    count({ owner, errorClass, durationMs }) {
      const at = now();
      const minute = minuteOf(at, errorClass ?? 'succeeded');
      minute.attempts += 1;
      const index = durationClass(durationMs);
      minute.durations[index] = (minute.durations[index] ?? 0) + 1;
      const user = userOf(at, owner);
      user.attempts += 1;
      user.busyMs += durationMs;
      if (errorClass !== null) user.failed += 1;
    },
    async flush() {
      if (minutes.size === 0) return;
      const counted = { minutes: [...minutes.values()], owners: [...users.values()] };
      const before = { minutes, users };
      minutes = new Map();
      users = new Map();
      try {
        await add(counted);
      } catch (error) {
        restore(before);
        throw error;
      }
    },
  };

  /** Takes what could not be added back, beside what was counted meanwhile. */
  function restore(before: { minutes: typeof minutes; users: typeof users }): void {
    for (const { minute, outcome, attempts, durations } of before.minutes.values()) {
      const entry = minuteOf(minute.getTime(), outcome);
      entry.attempts += attempts;
      entry.durations = entry.durations.map((count, index) => count + (durations[index] ?? 0));
    }
    for (const { period, owner, attempts, failed, busyMs } of before.users.values()) {
      const entry = userOf(period.getTime(), owner);
      entry.attempts += attempts;
      entry.failed += failed;
      entry.busyMs += busyMs;
    }
  }
}
