import { describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { createPeriodicTask } from './periodic-task.js';

const log = { warn: () => undefined };

describe('a task', () => {
  test('begins at once, and goes round again and again', async () => {
    let rounds = 0;
    const task = createPeriodicTask({ name: 'count', intervalMs: 1, run: () => Promise.resolve(void (rounds += 1)), log });
    task.start();
    expect(rounds).toBe(1);
    await eventually(() => {
      expect(rounds).toBeGreaterThan(3);
    });
    await task.stop();
  });

  test('goes on after a round that failed, and says so', async () => {
    let rounds = 0;
    const warnings: object[] = [];
    const observed: boolean[] = [];
    const task = createPeriodicTask({
      name: 'count',
      intervalMs: 1,
      run: () => {
        rounds += 1;
        return rounds === 1 ? Promise.reject(new Error('away')) : Promise.resolve();
      },
      observe: ({ failed }) => void observed.push(failed),
      log: { warn: (_message, details) => void warnings.push(details) },
    });
    task.start();
    await eventually(() => {
      expect(rounds).toBeGreaterThan(2);
    });
    await task.stop();
    expect(warnings).toMatchObject([{ task: 'count', error: { message: 'away' } }]);
    expect(observed.slice(0, 2)).toEqual([true, false]);
  });

  test('ends its round before it stops, is told to, and begins no other', async () => {
    let finish = (): void => undefined;
    let rounds = 0;
    let told: boolean | undefined;
    const task = createPeriodicTask({
      name: 'slow',
      intervalMs: 1,
      run: async (stopping) => {
        rounds += 1;
        await new Promise<void>((resolve) => (finish = resolve));
        told = stopping();
      },
      log,
    });
    task.start();
    let stopped = false;
    const stopping = task.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    finish();
    await stopping;
    expect({ rounds, told }).toEqual({ rounds: 1, told: true });
  });
});
