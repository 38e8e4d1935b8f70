import { describe, expect, test } from '@jest/globals';
import { shareFor } from './share-for.js';

describe('a shared read', () => {
  let time = 0;
  let reads = 0;
  const start = (read: () => Promise<number> = () => Promise.resolve(reads)) => {
    [time, reads] = [0, 0];
    return shareFor(
      1000,
      () => {
        reads += 1;
        return read();
      },
      () => time,
    );
  };

  test('happens once for a thousand concurrent callers', async () => {
    const share = start();
    expect(new Set(await Promise.all(Array.from({ length: 1000 }, share)))).toEqual(new Set([1]));
  });

  test('counts for a second after it has ended, however long it took', async () => {
    let answer: (value: number) => void = () => undefined;
    const share = start(() => new Promise((resolve) => (answer = resolve)));
    const first = share();
    time = 5000;
    const second = share();
    answer(7);
    expect([await first, await second, reads]).toEqual([7, 7, 1]);
    time = 5999;
    expect([await share(), reads]).toEqual([7, 1]);
    time = 6000;
    void share();
    expect(reads).toBe(2);
  });

  test('that fails is shared as well, and repeated after a second', async () => {
    const share = start(() => (reads === 1 ? Promise.reject(new Error('gone')) : Promise.resolve(reads)));
    await expect(share()).rejects.toThrow('gone');
    await expect(share()).rejects.toThrow('gone');
    time = 1000;
    expect(await share()).toBe(2);
  });
});
