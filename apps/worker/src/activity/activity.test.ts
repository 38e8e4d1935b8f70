import { expect, test } from '@jest/globals';
import type { MinuteActivity, OwnerActivity } from '@tidings/database';
import { createActivity } from './activity.js';

interface ActivityCounts {
  minutes: readonly MinuteActivity[];
  owners: readonly OwnerActivity[];
}
const NOON = Date.UTC(2026, 10, 25, 12);

function arrange() {
  const added: ActivityCounts[] = [];
  const database = { away: false };
  let at = NOON;
  const add = (counts: ActivityCounts) => {
    if (database.away) return Promise.reject(new Error('away'));
    added.push(counts);
    return Promise.resolve();
  };
  const activity = createActivity(add, () => at);
  return { activity, added, database, advance: (ms: number) => (at += ms) };
}

const succeeded = (owner: string, durationMs = 3) => ({ owner, errorClass: null, durationMs });
const failed = (owner: string) => ({ owner, errorClass: 'timeout', durationMs: 15_000 });

test('counts attempts per minute and outcome, and per owner in ten minutes', async () => {
  const { activity, added, advance } = arrange();
  activity.count(succeeded('alice'));
  activity.count(failed('alice'));
  advance(61_000);
  activity.count(succeeded('alice'));
  await activity.flush();
  const [{ minutes, owners } = { minutes: [], owners: [] }] = added;
  expect(minutes.map(({ minute, outcome, attempts }) => [minute.getTime() - NOON, outcome, attempts])).toEqual([
    [0, 'succeeded', 1],
    [0, 'timeout', 1],
    [60_000, 'succeeded', 1],
  ]);
  expect(minutes[0]?.durations.slice(0, 4)).toEqual([0, 0, 1, 0]);
  expect(owners).toEqual([{ period: new Date(NOON), owner: 'alice', attempts: 3, failed: 1, busyMs: 15_006 }]);
});

test('adds each count once, and sends nothing to the database when there are no counts', async () => {
  const { activity, added } = arrange();
  activity.count(succeeded('alice'));
  await activity.flush();
  await activity.flush();
  expect(added).toHaveLength(1);
});

test('keeps the counts while the database is away, and adds those that follow', async () => {
  const { activity, added, database } = arrange();
  activity.count(succeeded('alice'));
  database.away = true;
  await expect(activity.flush()).rejects.toThrow('away');
  activity.count(succeeded('alice'));
  activity.count(failed('bob'));
  database.away = false;
  await activity.flush();
  expect(added[0]?.minutes.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
    ['succeeded', 2],
    ['timeout', 1],
  ]);
  expect(added[0]?.owners.map(({ owner, attempts }) => [owner, attempts])).toEqual([
    ['alice', 2],
    ['bob', 1],
  ]);
});
