import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLine, type Line } from './line.js';

let line: Line;
let now: number;
/** The number of jobs in Redis; an error while Redis is away. */
let waiting: number | Error;
let looks: number;
/** Holds back the answers of Redis. */
let answered: Promise<void>;
beforeEach(() => {
  now = 0;
  waiting = 0;
  looks = 0;
  answered = Promise.resolve();
  line = createLine({
    count: async () => {
      looks += 1;
      const counted = waiting;
      await answered;
      if (counted instanceof Error) throw counted;
      return counted;
    },
    now: () => now,
  });
});
/** Lets Redis answer what it was asked. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the length of the line', () => {
  test('is known without waiting for Redis, from the look before', async () => {
    waiting = 40;
    expect(line.length()).toBe(0);
    await settle();
    expect(line.length()).toBe(40);
  });

  test('is looked up every 100 ms at most, however often it is read', async () => {
    for (now = 0; now < 1000; now += 1) {
      line.length();
      await Promise.resolve();
    }
    expect(looks).toBe(10);
  });

  test('is not looked up while nobody reads it', async () => {
    line.length();
    now = 60_000;
    await settle();
    expect(looks).toBe(1);
  });

  test('contains the jobs that this process added since the look', async () => {
    waiting = 40;
    await line.read();
    line.add(5);
    expect(line.length()).toBe(45);
  });

  test('contains the jobs that were added while Redis counted, and those before only once', async () => {
    line.add(2);
    waiting = 2;
    let answer = (): void => undefined;
    answered = new Promise((resolve) => (answer = resolve));
    const reading = line.read();
    line.add(3);
    answer();
    await reading;
    expect(line.length()).toBe(5);
  });

  test('counts as 0 when the last look is older than a second, until the next one', async () => {
    waiting = 400;
    await line.read();
    now = 1001;
    expect(line.length()).toBe(0);
    await settle();
    expect(line.length()).toBe(400);
  });

  test('counts as endless while Redis does not answer, until it does', async () => {
    waiting = new Error('away');
    await expect(line.read()).rejects.toThrow('away');
    now = 5000;
    expect(line.length()).toBe(Infinity);
    await settle();
    waiting = 3;
    now = 5100;
    expect(line.length()).toBe(Infinity);
    await settle();
    expect(line.length()).toBe(3);
  });
});
