import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTurns } from './turns.js';

/** Work that ends when `end` is called. */
function piece() {
  let end = (): void => undefined;
  let isRunning = false;
  const done = new Promise<void>((resolve) => (end = resolve));
  const work = async () => {
    isRunning = true;
    await done;
    isRunning = false;
  };
  return {
    work,
    end: () => {
      end();
    },
    isRunning: () => isRunning,
  };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a client has so many at once, and the others wait in line', async () => {
  const takeTurn = createTurns({ atOnce: 2, waiting: 2 });
  const pieces = Array.from({ length: 4 }, piece);
  const all = pieces.map(({ work }) => takeTurn('alice', work));
  const running = () => pieces.map(({ isRunning }) => isRunning());
  expect(running()).toEqual([true, true, false, false]);
  pieces[1]?.end();
  await settle();
  expect(running()).toEqual([true, false, true, false]);
  pieces[0]?.end();
  await settle();
  expect(running()).toEqual([false, false, true, true]);
  for (const { end } of pieces) end();
  await Promise.all(all);
});

test('beyond the line, work is refused; other clients do not notice', async () => {
  const takeTurn = createTurns({ atOnce: 1, waiting: 1 });
  const [first, second, other] = [piece(), piece(), piece()];
  const all = [takeTurn('alice', first.work), takeTurn('alice', second.work), takeTurn('bob', other.work)];
  await expect(takeTurn('alice', piece().work)).rejects.toMatchObject({ status: 429 });
  expect(other.isRunning()).toBe(true);
  for (const { end } of [first, second, other]) end();
  await Promise.all(all);
  await takeTurn('alice', () => Promise.resolve());
});

test('work that fails gives its place back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), async (failures) => {
      const takeTurn = createTurns({ atOnce: 2, waiting: 20 });
      const results = await Promise.allSettled(
        failures.map((fails) => takeTurn('alice', () => (fails ? Promise.reject(new Error('x')) : Promise.resolve()))),
      );
      expect(results.map(({ status }) => status === 'rejected')).toEqual(failures);
      await takeTurn('alice', () => Promise.resolve());
    }),
  );
});
