import { beforeEach, describe, expect, test } from '@jest/globals';
import { createFollowClock } from './follow-clock.js';

let steps: { byMs: number; after: string }[];
/** The database's clock. */
let now: number;
let monotonic: number;
let answerTakesMs: number;
let isAway: boolean;
let warnings: string[];
let follow: ReturnType<typeof createFollowClock>;
beforeEach(() => {
  [now, monotonic, answerTakesMs, isAway, warnings] = [Date.UTC(2026, 10, 24), 1000, 0, false, []];
  follow = createFollowClock({
    readTime: () => {
      const time = now;
      monotonic += answerTakesMs;
      return Promise.resolve(time);
    },
    bringForward: (byMs, after = '') => {
      steps.push({ byMs, after });
      if (isAway) return Promise.reject(new Error('away'));
      return Promise.resolve(after === '' ? 'dlv_1' : null);
    },
    monotonicNow: () => monotonic,
    log: { warn: (message) => void warnings.push(message) },
  });
});

describe("PostgreSQL's clock", () => {
  const passes = async (ms: number, onItsClockMs = ms) => {
    [now, monotonic] = [now + onItsClockMs, monotonic + ms];
    steps = [];
    expect(await follow()).toBe(now);
    return steps;
  };

  test('that is set back brings retries forward by as long, in chunks, and is told', async () => {
    expect(await passes(0)).toEqual([]);
    expect(await passes(1000, 1000 - 3_600_000)).toEqual([
      { byMs: 3_600_000, after: '' },
      { byMs: 3_600_000, after: 'dlv_1' },
    ]);
    expect(warnings).toEqual(["PostgreSQL's clock was set back. Retries are brought forward."]);
    expect(await passes(1000)).toEqual([]);
  });

  test('brings retries forward once, when PostgreSQL was away in between', async () => {
    await passes(0);
    isAway = true;
    await expect(passes(1000, -60_000)).rejects.toThrow('away');
    isAway = false;
    expect(await passes(1000)).toEqual([
      { byMs: 61_000, after: '' },
      { byMs: 61_000, after: 'dlv_1' },
    ]);
  });

  test('is not judged by a reading from before another process made the rounds', async () => {
    await passes(0);
    expect(await passes(600_000, 600_000 - 3_600_000)).toEqual([]);
    expect(await passes(1000, 1000 - 60_000)).toHaveLength(2);
  });

  test('that is corrected by seconds, set forward, or read late, changes nothing', async () => {
    await passes(0);
    expect(await passes(1000, -3900)).toEqual([]);
    expect(await passes(1000, 3_600_000)).toEqual([]);
    answerTakesMs = 60_000;
    expect(await passes(1000)).toEqual([]);
    expect(await passes(30_000)).toEqual([]);
  });
});
