import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { createPeriodicTask, type PeriodicTask } from './periodic-task.js';

const log = { warn: () => undefined };

describe('a periodic task', () => {
  test('starts its first round immediately, and then runs round after round', async () => {
    let rounds = 0;
    const task = createPeriodicTask({ name: 'count', intervalMs: 1, run: () => Promise.resolve(void (rounds += 1)), log });
    task.start();
    expect(rounds).toBe(1);
    await eventually(() => {
      expect(rounds).toBeGreaterThan(3);
    });
    await task.stop();
  });

  test('continues after a failed round, and logs it', async () => {
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

  describe('in a process with others', () => {
    const create = (starts: number[], durationMs = 0) =>
      createPeriodicTask({
        name: 'count',
        intervalMs: 1000,
        run: async () => {
          starts.push(performance.now());
          if (durationMs > 0) await new Promise((resolve) => setTimeout(resolve, durationMs));
        },
        log,
      });
    let tasks: PeriodicTask[];
    beforeEach(() => {
      jest.useFakeTimers();
      tasks = [];
    });
    afterEach(async () => {
      const stopping = tasks.map((task) => task.stop());
      await jest.advanceTimersByTimeAsync(2000);
      await Promise.all(stopping);
      jest.useRealTimers();
    });
    const start = (task: PeriodicTask) => {
      tasks.push(task);
      task.start();
    };

    test('starts its rounds at the same times as they do, whenever it was started', async () => {
      const [one, two]: [number[], number[]] = [[], []];
      start(create(one));
      await jest.advanceTimersByTimeAsync(300);
      start(create(two, 100));
      await jest.advanceTimersByTimeAsync(3000);
      expect(one).toEqual([0, 1000, 2000, 3000]);
      expect(two).toEqual([300, 1000, 2000, 3000]);
    });

    test('rests at least as long as a round took', async () => {
      const starts: number[] = [];
      start(create(starts, 700));
      await jest.advanceTimersByTimeAsync(4000);
      expect(starts).toEqual([0, 1700, 3400]);
    });
  });

  test('stops after its current round, which sees that it is stopping, and starts no other', async () => {
    let finish = (): void => undefined;
    let rounds = 0;
    let sawStopping: boolean | undefined;
    const task = createPeriodicTask({
      name: 'slow',
      intervalMs: 1,
      run: async (isStopping) => {
        rounds += 1;
        await new Promise<void>((resolve) => (finish = resolve));
        sawStopping = isStopping();
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
    expect({ rounds, sawStopping }).toEqual({ rounds: 1, sawStopping: true });
  });
});
