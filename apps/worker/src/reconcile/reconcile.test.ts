import { describe, expect, test } from '@jest/globals';
import type { AdmittedDelivery, Woken } from '@tidings/database';
import { createReconcile } from './reconcile.js';

const NONE: Woken = { count: 0, admitted: [] };
const woken = (count: number, admitted: number): Woken => ({
  count,
  admitted: Array.from({ length: admitted }, (_, index) => ({ id: `dlv_${String(index)}`, priority: 1 })),
});

/** One round; what it did, in order. */
async function reconcile(
  batches: Woken[],
  { backlogged = [] as string[], stopping = false, enqueue = () => Promise.resolve() } = {},
) {
  const steps: unknown[] = [];
  const run = createReconcile({
    wake: () => Promise.resolve(batches.shift() ?? NONE),
    batchSize: 3,
    readBacklogged: () => Promise.resolve(backlogged),
    release: (webhookIds) => Promise.resolve(void steps.push(['release', ...webhookIds])),
    enqueue: (deliveries: readonly AdmittedDelivery[]) => {
      steps.push(['enqueue', deliveries.length]);
      return enqueue();
    },
    log: { info: () => undefined },
  });
  await run(() => stopping);
  return steps;
}

describe('a round of the reconciler', () => {
  test('enqueues what is overdue, batch after batch, and then what waits for a slot', async () => {
    expect(await reconcile([woken(3, 3), woken(3, 1), woken(2, 2)], { backlogged: ['wh_1', 'wh_2'] })).toEqual([
      ['enqueue', 3],
      ['enqueue', 1],
      ['enqueue', 2],
      ['release', 'wh_1', 'wh_2'],
    ]);
  });

  test('goes on after a batch of which nothing is to be enqueued', async () => {
    expect(await reconcile([woken(3, 0), woken(1, 1)])).toEqual([['enqueue', 1], ['release']]);
  });

  test('ends early when the worker stops', async () => {
    expect(await reconcile([woken(3, 3), woken(3, 3)], { stopping: true })).toEqual([['enqueue', 3], ['release']]);
  });

  test('fails when Redis is away: what it took is looked at again later', async () => {
    const enqueue = () => Promise.reject(new Error('away'));
    await expect(reconcile([woken(1, 1)], { enqueue })).rejects.toThrow('away');
  });
});
