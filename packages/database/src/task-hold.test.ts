import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Queryable } from './database.js';
import { createTaskHold } from './task-hold.js';

/** The rows of PostgreSQL: who has a task, and until when. */
let rows: Map<string, { runner: string; until: number }>;
/** The tasks that each statement asked for. */
let asked: string[][];
beforeEach(() => {
  jest.useFakeTimers();
  rows = new Map();
  asked = [];
});
afterEach(() => {
  jest.useRealTimers();
});

const take = ([names, forMs, runner]: [string[], number[], string]) => {
  asked.push(names);
  return names.flatMap((name, index) => {
    const row = rows.get(name);
    if (row && row.runner !== runner && row.until > performance.now()) return [];
    rows.set(name, { runner, until: performance.now() + (forMs[index] ?? 0) });
    return [{ name }];
  });
};
const sql = {
  query: async ({ name, values }: { name: string; values: unknown[] }) => {
    await Promise.resolve();
    if (name === 'take_tasks') return { rows: take(values as [string[], number[], string]) };
    rows.delete(String(values[0]));
    return { rows: [] };
  },
} as unknown as Queryable;

const FOR_MS = 5000;
const NAMES = ['a', 'b', 'c'];
const takeEach = (hold: ReturnType<typeof createTaskHold>, names = NAMES) =>
  Promise.all(names.map((name) => hold.take(name, FOR_MS)));
/** Takes each task every second, for so many seconds. */
async function takeFor(hold: ReturnType<typeof createTaskHold>, seconds: number): Promise<boolean[]> {
  let taken: boolean[] = [];
  for (let second = 0; second < seconds; second += 1) {
    taken = await takeEach(hold);
    await jest.advanceTimersByTimeAsync(1000);
  }
  return taken;
}

describe('the hold on periodic tasks', () => {
  test('asks for all tasks together, when half of the time is over for which it has them', async () => {
    const hold = createTaskHold(sql);
    expect(await takeFor(hold, 10)).toEqual([true, true, true]);
    expect(asked).toEqual([['a'], NAMES, NAMES, NAMES, NAMES]);
  });

  test('asks once a second for tasks that another process has, and has them when that one died', async () => {
    const other = createTaskHold(sql);
    await takeEach(other);
    await jest.advanceTimersByTimeAsync(100);
    const hold = createTaskHold(sql);
    asked = [];
    expect(await takeFor(hold, 4)).toEqual([false, false, false]);
    expect(asked).toEqual([['a'], NAMES, NAMES, NAMES, NAMES]);
    expect(await takeFor(hold, 3)).toEqual([true, true, true]);
    expect(await takeEach(other)).toEqual([false, false, false]);
  });

  test('has a task no longer than it asked for, whatever it believed before', async () => {
    const hold = createTaskHold(sql);
    await takeEach(hold);
    rows.set('a', { runner: 'another', until: Number.POSITIVE_INFINITY });
    await jest.advanceTimersByTimeAsync(FOR_MS / 2);
    expect(await takeEach(hold)).toEqual([false, true, true]);
  });

  test('a task that was given back is not taken again by a request for others that was under way', async () => {
    const hold = createTaskHold(sql);
    await takeEach(hold);
    await jest.advanceTimersByTimeAsync(FOR_MS / 2);
    const others = takeEach(hold, ['b', 'c']);
    await hold.giveBack('a');
    await others;
    expect([...rows.keys()]).toEqual(['b', 'c']);
    await takeFor({ ...hold, take: (name, forMs) => (name === 'a' ? Promise.resolve(false) : hold.take(name, forMs)) }, 6);
    expect([...rows.keys()]).toEqual(['b', 'c']);
  });

  test('a request that fails is made again', async () => {
    let isAway = true;
    const hold = createTaskHold({
      query: (query: unknown) => (isAway ? Promise.reject(new Error('away')) : (sql.query as (given: unknown) => unknown)(query)),
    } as unknown as Queryable);
    await expect(hold.take('a', FOR_MS)).rejects.toThrow('away');
    isAway = false;
    expect(await hold.take('a', FOR_MS)).toBe(true);
  });
});
