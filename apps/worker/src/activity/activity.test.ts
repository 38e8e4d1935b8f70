import { expect, test } from '@jest/globals';
import type { MinuteActivity, OwnerActivity } from '@tidings/database';
import { createActivity } from './activity.js';

interface Counted {
  minutes: readonly MinuteActivity[];
  owners: readonly OwnerActivity[];
}
const NOON = Date.UTC(2026, 10, 25, 12);

function arrange() {
  const added: Counted[] = [];
  const database = { away: false };
  let at = NOON;
  const add = (counted: Counted) => {
    if (database.away) return Promise.reject(new Error('away'));
    added.push(counted);
    return Promise.resolve();
  };
  const activity = createActivity(add, () => at);
  return { activity, added, database, pass: (ms: number) => (at += ms) };
}

const succeeded = (owner: string, durationMs = 3) => ({ owner, errorClass: null, durationMs });
const failed = (owner: string) => ({ owner, errorClass: 'timeout', durationMs: 15_000 });

test('attempts are counted by minute and outcome, and by user in ten minutes', async () => {
  const { activity, added, pass } = arrange();
  activity.count(succeeded('alice'));
  activity.count(failed('alice'));
  pass(61_000);
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

test('what was added is not added again, and nothing is asked of the database when there is nothing', async () => {
  const { activity, added } = arrange();
  activity.count(succeeded('alice'));
  await activity.flush();
  await activity.flush();
  expect(added).toHaveLength(1);
});

test('while the database is away the counts are kept, beside those that come meanwhile', async () => {
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
