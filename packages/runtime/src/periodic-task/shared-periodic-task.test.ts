import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { PeriodicTask } from './periodic-task.js';
import { createSharedPeriodicTask } from './shared-periodic-task.js';

/** The row of the task, as PostgreSQL has it. */
let row: { runner: string; expiresAt: number } | undefined;
let isDatabaseAway: boolean;
let started: PeriodicTask[];
beforeEach(() => {
  jest.useFakeTimers();
  row = undefined;
  isDatabaseAway = false;
  started = [];
});
afterEach(() => {
  for (const task of started) void task.stop();
  jest.useRealTimers();
});

const holdOf = (runner: string) => ({
  take: (_task: string, forMs: number) => {
    if (isDatabaseAway) return Promise.reject(new Error('away'));
    if (row !== undefined && row.runner !== runner && row.expiresAt > Date.now()) return Promise.resolve(false);
    row = { runner, expiresAt: Date.now() + forMs };
    return Promise.resolve(true);
  },
  giveBack: () => {
    if (row?.runner === runner) row = undefined;
    return Promise.resolve();
  },
});

interface Process {
  /** How many rounds the process has started. */
  rounds: number;
  /** The rounds that were observed: whether each failed. */
  observed: boolean[];
  task: PeriodicTask;
  /** Ends the process without a word to PostgreSQL. */
  kill: () => void;
}
/** Starts a process with the task. */
function start(
  runner: string,
  {
    intervalMs = 1000,
    run = () => Promise.resolve(),
  }: { intervalMs?: number; run?: (isStopping: () => boolean) => Promise<void> } = {},
): Process {
  const hold = holdOf(runner);
  let isAlive = true;
  const process: Process = {
    rounds: 0,
    observed: [],
    task: createSharedPeriodicTask({
      name: 'count',
      intervalMs,
      run: (isStopping) => {
        process.rounds += 1;
        return run(isStopping);
      },
      hold: { ...hold, take: (task, forMs) => (isAlive ? hold.take(task, forMs) : new Promise(() => undefined)) },
      observe: ({ failed }) => void process.observed.push(failed),
      log: { warn: () => undefined },
    }),
    kill: () => (isAlive = false),
  };
  process.task.start();
  started.push(process.task);
  return process;
}
const passSeconds = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1000);

describe('a task that several processes share', () => {
  test('is run by one of them, round after round, and only its rounds are observed', async () => {
    const one = start('one');
    const two = start('two');
    await passSeconds(10.5);
    expect([one.rounds, two.rounds]).toEqual([11, 0]);
    expect([one.observed.length, two.observed.length]).toEqual([11, 0]);
  });

  test('is taken over within seconds after the process that ran it died', async () => {
    const one = start('one');
    const two = start('two');
    await passSeconds(3.5);
    one.kill();
    await passSeconds(6);
    expect(two.rounds).toBeGreaterThan(0);
  });

  test('is taken over within seconds also when its rounds are hours apart', async () => {
    const one = start('one', { intervalMs: 3_600_000 });
    const two = start('two', { intervalMs: 3_600_000 });
    await passSeconds(3600);
    expect([one.rounds, two.rounds]).toEqual([2, 0]);
    one.kill();
    await passSeconds(8);
    expect(two.rounds).toBe(1);
  });

  test('is given back by a process that stops, so that another one continues at once', async () => {
    const one = start('one');
    const two = start('two');
    await passSeconds(2.5);
    await one.task.stop();
    await passSeconds(1);
    expect(two.rounds).toBe(1);
  });

  test('stays with its process during a long round', async () => {
    let finish = (): void => undefined;
    const one = start('one', { run: () => new Promise<void>((resolve) => (finish = resolve)) });
    const two = start('two');
    await passSeconds(60);
    expect([one.rounds, two.rounds]).toEqual([1, 0]);
    finish();
  });

  test('tells a long round to end when another process has taken it over', async () => {
    let isToEnd = (): boolean => false;
    let finish = (): void => undefined;
    start('one', {
      run: (isStopping) => {
        isToEnd = isStopping;
        return new Promise<void>((resolve) => (finish = resolve));
      },
    });
    await passSeconds(1);
    expect(isToEnd()).toBe(false);
    row = { runner: 'two', expiresAt: Date.now() + 60_000 };
    await passSeconds(3);
    expect(isToEnd()).toBe(true);
    finish();
  });

  test('continues after PostgreSQL was away, and after a failed round', async () => {
    let fails = true;
    const one = start('one', { run: () => (fails ? Promise.reject(new Error('broken')) : Promise.resolve()) });
    await passSeconds(1.5);
    fails = false;
    isDatabaseAway = true;
    await passSeconds(3);
    isDatabaseAway = false;
    await passSeconds(2);
    expect(one.observed).toEqual([true, true, true, true, true, false, false]);
  });
});
