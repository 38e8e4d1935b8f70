import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Woken } from '@tidings/database';
import { createReconcile } from './reconcile.js';

const NONE: Woken = { count: 0, admitted: [] };
const woken = (count: number, admitted: number): Woken => ({
  count,
  admitted: Array.from({ length: admitted }, (_, index) => ({ id: `dlv_${String(index)}`, priority: 2 })),
});
const MINUTE_MS = 60_000;
/** The time at which the tests begin, in Unix milliseconds. */
const START = Date.UTC(2026, 10, 24);

let batches: (Woken | Error)[];
let steps: unknown[];
/** The database's clock. */
let now: number;
/** From when on each batch looked at wake times, in minutes after `START`; undefined: since whenever. */
let looked: (number | undefined)[];
let enqueued: () => Promise<void>;
let run: ReturnType<typeof createReconcile>;
beforeEach(() => {
  [batches, steps, looked] = [[], [], []];
  now = START;
  enqueued = () => Promise.resolve();
  run = createReconcile({
    wake: (since) => {
      looked.push(since === undefined ? undefined : (since - START) / MINUTE_MS);
      const batch = batches.shift() ?? NONE;
      return batch instanceof Error ? Promise.reject(batch) : Promise.resolve(batch);
    },
    readTime: () => Promise.resolve(now),
    batchSize: 3,
    refill: () => Promise.resolve(void steps.push('refill')),
    enqueue: (deliveries) => {
      steps.push(deliveries.map(({ id }) => id));
      return enqueued();
    },
    log: { info: () => undefined },
  });
});
const round = (isStopping = false) => run(() => isStopping);

describe('a round of the reconciler', () => {
  test('enqueues overdue deliveries batch by batch, then admits parked ones', async () => {
    batches = [woken(3, 3), woken(3, 1), woken(2, 2)];
    await round();
    expect(steps).toEqual([['dlv_0', 'dlv_1', 'dlv_2'], ['dlv_0'], ['dlv_0', 'dlv_1'], 'refill']);
  });

  test('continues after a full batch without deliveries to enqueue', async () => {
    batches = [woken(3, 0), woken(1, 1)];
    await round();
    expect(steps).toEqual([['dlv_0'], 'refill']);
  });

  test('ends after the current batch when the worker stops', async () => {
    batches = [woken(3, 1), woken(3, 1)];
    await round(true);
    expect(steps).toEqual([['dlv_0'], 'refill']);
  });

  test('fails when Redis is away', async () => {
    batches = [woken(1, 1)];
    enqueued = () => Promise.reject(new Error('away'));
    await expect(round()).rejects.toThrow('away');
  });
});

describe('the wake times that a round looks at', () => {
  /** Runs one round at a time, in minutes after `START`. Returns from when on it looked. */
  const lookAt = async (minutes: number, isStopping = false) => {
    now = START + minutes * MINUTE_MS;
    looked = [];
    await round(isStopping);
    return looked[0];
  };

  test('are all of them at first, then those since five minutes before the last round', async () => {
    expect(await lookAt(0)).toBeUndefined();
    expect(await lookAt(10)).toBe(-5);
    expect(await lookAt(11)).toBe(5);
  });

  test('are all of them once an hour', async () => {
    await lookAt(0);
    expect(await lookAt(59)).toBe(-5);
    expect(await lookAt(60)).toBeUndefined();
    expect(await lookAt(61)).toBe(55);
  });

  test('are those since the last complete round, when rounds failed or stopped', async () => {
    await lookAt(0);
    batches = [new Error('away')];
    await expect(lookAt(10)).rejects.toThrow('away');
    batches = [woken(3, 0)];
    expect(await lookAt(20, true)).toBe(-5);
    expect(await lookAt(30)).toBe(-5);
    expect(await lookAt(31)).toBe(25);
  });

  test('are all of them after the database’s clock was set back', async () => {
    await lookAt(0);
    await lookAt(50);
    expect(await lookAt(10)).toBeUndefined();
    expect(await lookAt(11)).toBe(5);
  });

  test('stay the same in all batches of a round', async () => {
    await lookAt(0);
    batches = [woken(3, 3), woken(3, 3)];
    await lookAt(10);
    expect(looked).toEqual([-5, -5, -5]);
  });
});
