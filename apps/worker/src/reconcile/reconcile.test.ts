import { describe, expect, test } from '@jest/globals';
import type { AdmittedDelivery, Woken } from '@tidings/database';
import { createReconcile } from './reconcile.js';

const NONE: Woken = { count: 0, admitted: [] };
const woken = (count: number, admitted: number): Woken => ({
  count,
  admitted: Array.from({ length: admitted }, (_, index) => ({ id: `dlv_${String(index)}`, priority: 1 })),
});

/** Runs one round, and returns its calls in order. */
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
  test('enqueues overdue deliveries batch by batch, then releases parked ones', async () => {
    expect(await reconcile([woken(3, 3), woken(3, 1), woken(2, 2)], { backlogged: ['wh_1', 'wh_2'] })).toEqual([
      ['enqueue', 3],
      ['enqueue', 1],
      ['enqueue', 2],
      ['release', 'wh_1', 'wh_2'],
    ]);
  });

  test('continues after a full batch without deliveries to enqueue', async () => {
    expect(await reconcile([woken(3, 0), woken(1, 1)])).toEqual([['enqueue', 1], ['release']]);
  });

  test('ends after the current batch when the worker stops', async () => {
    expect(await reconcile([woken(3, 3), woken(3, 3)], { stopping: true })).toEqual([['enqueue', 3], ['release']]);
  });

  test('fails when Redis is away', async () => {
    const enqueue = () => Promise.reject(new Error('away'));
    await expect(reconcile([woken(1, 1)], { enqueue })).rejects.toThrow('away');
  });
});
