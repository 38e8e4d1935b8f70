import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { giveBackTask, takeTasks } from './periodic-tasks.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const takeAll = (runner: string, ...names: string[]) =>
  takeTasks(
    log.pool,
    names.map((name) => ({ name, forMs: 10_000 })),
    runner,
  );
const take = async (runner: string, name = 'reconcile') => (await takeAll(runner, name)).has(name);
const expireIn = (seconds: number) =>
  log.pool.query('UPDATE periodic_tasks SET expires_at = now() + make_interval(secs => $1)', [seconds]);

test('one runner has a periodic task, and keeps it as long as it takes it again', async () => {
  expect(await take('one')).toBe(true);
  expect(await take('two')).toBe(false);
  expect(await take('one')).toBe(true);
  const { rows } = await log.pool.query(
    'SELECT name, runner, round(extract(epoch FROM expires_at - now()))::int AS expires_in FROM periodic_tasks',
  );
  expect(rows).toEqual([{ name: 'reconcile', runner: 'one', expires_in: 10 }]);
});

test('another runner gets it when it has expired, and the first one does not get it back', async () => {
  await take('one');
  await expireIn(-1);
  expect(await take('two')).toBe(true);
  expect(await take('one')).toBe(false);
});

test('another runner gets it at once when it was given back, which only its runner can do', async () => {
  await take('one');
  await giveBackTask(log.pool, 'reconcile', 'two');
  expect(await take('two')).toBe(false);
  await giveBackTask(log.pool, 'reconcile', 'one');
  expect(await take('two')).toBe(true);
});

test('each task has its own runner', async () => {
  expect(await take('one', 'reconcile')).toBe(true);
  expect(await take('two', 'partitions')).toBe(true);
  expect(await take('two', 'reconcile')).toBe(false);
});

test('of several tasks at once a runner gets those that no other one has', async () => {
  await take('one', 'partitions');
  expect(await takeAll('two', 'reconcile', 'partitions', 'expand')).toEqual(new Set(['expand', 'reconcile']));
});

test('runners that ask for the same tasks at once, in any order, do not wait for each other', async () => {
  const names = Array.from({ length: 30 }, (_, number) => `task ${String(number)}`);
  const taken = await Promise.all(
    Array.from({ length: 8 }, (_, runner) => takeAll(String(runner), ...(runner % 2 === 0 ? names : names.toReversed()))),
  );
  expect(taken.flatMap((one) => [...one]).toSorted()).toEqual(names.toSorted());
});

test('one of many runners at once gets it', async () => {
  const runners = Array.from({ length: 20 }, (_, number) => `runner ${String(number)}`);
  const taken = await Promise.all(runners.map((runner) => take(runner)));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('a time that a clock ten years ahead has left is no hindrance, unlike one of the next minute', async () => {
  await take('one');
  await expireIn(60);
  expect(await take('two')).toBe(false);
  await expireIn(10 * 365 * 86_400);
  expect(await take('two')).toBe(true);
});
