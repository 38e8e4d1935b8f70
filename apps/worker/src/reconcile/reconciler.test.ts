import { describe, expect, test } from '@jest/globals';
import type { WokenDelivery } from '@tidings/database';
import { eventually } from '@tidings/testing';
import { createReconciler } from './reconciler.js';

const log = { info: () => undefined, warn: () => undefined };
const overdue = (count: number): WokenDelivery[] =>
  Array.from({ length: count }, (_, index) => ({ id: `dlv_${String(index)}`, attemptCount: 0 }));

describe('the reconciler', () => {
  test('enqueues what is overdue, batch after batch, until nothing is', async () => {
    const batches = [overdue(1000), overdue(1000), overdue(3)];
    const enqueued: number[] = [];
    const reconciler = createReconciler({
      wake: () => Promise.resolve(batches.shift() ?? []),
      enqueue: (deliveries) => Promise.resolve(void enqueued.push(deliveries.length)),
      intervalMs: 5,
      log,
    });
    reconciler.start();
    await eventually(() => {
      expect(enqueued).toEqual([1000, 1000, 3]);
    });
    await reconciler.stop();
  });

  test('goes on after a round that failed, be it PostgreSQL or Redis', async () => {
    let rounds = 0;
    const warnings: string[] = [];
    const reconciler = createReconciler({
      wake: () => {
        rounds += 1;
        return rounds === 1 ? Promise.reject(new Error('away')) : Promise.resolve(overdue(1));
      },
      enqueue: () => (rounds === 2 ? Promise.reject(new Error('away')) : Promise.resolve()),
      intervalMs: 5,
      log: { ...log, warn: (message) => void warnings.push(message) },
    });
    reconciler.start();
    await eventually(() => {
      expect(rounds).toBeGreaterThan(3);
    });
    await reconciler.stop();
    expect(warnings).toHaveLength(2);
  });

  test('ends its round before it stops, and begins no other', async () => {
    let finish: (() => void) | undefined;
    let rounds = 0;
    const reconciler = createReconciler({
      wake: () => {
        rounds += 1;
        return new Promise((resolve) => {
          finish = () => {
            resolve([]);
          };
        });
      },
      enqueue: () => Promise.resolve(),
      intervalMs: 1,
      log,
    });
    reconciler.start();
    let stopped = false;
    const stopping = reconciler.stop().then(() => {
      stopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    finish?.();
    await stopping;
    expect(rounds).toBe(1);
  });
});
