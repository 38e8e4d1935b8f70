import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createGroupCommit } from './group-commit.js';

/** Creates a run that the test finishes. */
function gate() {
  const runs: { items: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const run = (items: number[]): Promise<number[]> =>
    new Promise((resolve, reject) => {
      runs.push({
        items,
        finish: () => {
          resolve(items.map((item) => item * 10));
        },
        fail: reject,
      });
    });
  return { run, runs };
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a group commit', () => {
  test('gathers callers of the same event loop iteration into one run', async () => {
    const { run, runs } = gate();
    const batch = createGroupCommit({ run, maxWeight: 10 });
    const results = Promise.all([batch(1), batch(2), batch(3)]);
    await nextTurn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    runs[0]?.finish();
    expect(await results).toEqual([10, 20, 30]);
  });

  test('gathers items that arrive during a run into the next one', async () => {
    const { run, runs } = gate();
    const batch = createGroupCommit({ run, maxWeight: 10 });
    const first = batch(1);
    await nextTurn();
    const later = [batch(2), batch(3)];
    await nextTurn();
    expect(runs).toHaveLength(1);
    runs[0]?.finish();
    await first;
    await nextTurn();
    expect(runs[1]?.items).toEqual([2, 3]);
    runs[1]?.finish();
    expect(await Promise.all(later)).toEqual([20, 30]);
  });

  test('fails every caller of a failed run, and none of the next one', async () => {
    const { run, runs } = gate();
    const batch = createGroupCommit({ run, maxWeight: 1 });
    const [first, second] = [batch(1), batch(2)];
    await nextTurn();
    runs[0]?.fail(new Error('database is away'));
    await expect(first).rejects.toThrow('database is away');
    await nextTurn();
    runs[1]?.finish();
    expect(await second).toBe(20);
  });

  test('fails when a run returns the wrong number of results', async () => {
    const batch = createGroupCommit({ run: () => Promise.resolve([]), maxWeight: 10 });
    await expect(batch(1)).rejects.toThrow('A batch of 1 items was answered with 0 results');
  });

  test('is idle only when no item waits and no run is in progress', async () => {
    const { run, runs } = gate();
    const batch = createGroupCommit({ run, maxWeight: 1 });
    const work = [batch(1), batch(2)];
    let idle = false;
    const whenIdle = batch.idle().then(() => {
      idle = true;
    });
    await nextTurn();
    runs[0]?.finish();
    await work[0];
    await nextTurn();
    expect(idle).toBe(false);
    runs[1]?.finish();
    await Promise.all([...work, whenIdle]);
    expect(idle).toBe(true);
    await batch.idle();
  });

  test('returns to each caller its own result, in runs within maxWeight and maxRunning', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 40 }),
        fc.integer({ min: 5, max: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (weights, maxWeight, maxRunning) => {
          let running = 0;
          const batch = createGroupCommit<{ index: number; weight: number }, number>({
            maxWeight,
            maxRunning,
            weigh: ({ weight }) => weight,
            run: async (items) => {
              running += 1;
              expect(running).toBeLessThanOrEqual(maxRunning);
              expect(items.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(maxWeight);
              await nextTurn();
              running -= 1;
              return items.map(({ index }) => index);
            },
          });
          const results = await Promise.all(weights.map((weight, index) => batch({ index, weight })));
          expect(results).toEqual(weights.map((_, index) => index));
        },
      ),
    );
  });
});
