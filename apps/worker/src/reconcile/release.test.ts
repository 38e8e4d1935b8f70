import { describe, expect, test } from '@jest/globals';
import { createRelease } from './release.js';

describe('releasing parked deliveries', () => {
  test('enqueues as many as their webhooks have free slots, with new job ids', async () => {
    const enqueued: unknown[] = [];
    const release = createRelease({
      admit: (webhookIds) => Promise.resolve(webhookIds.map((id) => ({ id: `dlv_of_${id}`, priority: 0 }))),
      enqueue: (deliveries) => Promise.resolve(void enqueued.push(...deliveries)),
    });
    await release(['wh_1', 'wh_2']);
    expect(enqueued).toEqual([
      { id: 'dlv_of_wh_1', priority: 0, newJobId: true },
      { id: 'dlv_of_wh_2', priority: 0, newJobId: true },
    ]);
  });

  test('collects the webhooks of calls during a run, each once', async () => {
    const runs: string[][] = [];
    let finish = (): void => undefined;
    const release = createRelease({
      admit: (webhookIds) => {
        runs.push([...webhookIds]);
        return new Promise((resolve) => {
          finish = () => {
            resolve([]);
          };
        });
      },
      enqueue: () => Promise.resolve(),
    });
    const first = release(['wh_1']);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [release(['wh_2']), release(['wh_2', 'wh_3'])];
    finish();
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await Promise.all(others);
    expect(runs).toEqual([['wh_1'], ['wh_2', 'wh_3']]);
  });

  test('continues after a failed run', async () => {
    let runs = 0;
    const release = createRelease({
      admit: () => {
        runs += 1;
        return runs === 1 ? Promise.reject(new Error('away')) : Promise.resolve([]);
      },
      enqueue: () => Promise.resolve(),
    });
    await expect(release(['wh_1'])).rejects.toThrow('away');
    await release(['wh_1']);
    expect(runs).toBe(2);
  });

  test('admits for many webhooks in batches', async () => {
    const sizes: number[] = [];
    const release = createRelease({
      admit: (webhookIds) => Promise.resolve(void sizes.push(webhookIds.length)).then(() => []),
      enqueue: () => Promise.resolve(),
    });
    await release(Array.from({ length: 450 }, (_, index) => `wh_${String(index)}`));
    expect(sizes).toEqual([200, 200, 50]);
  });
});
