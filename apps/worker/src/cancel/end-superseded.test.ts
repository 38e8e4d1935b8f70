import { describe, expect, test } from '@jest/globals';
import type { Ended } from '@tidings/database';
import { createEndSuperseded } from './end-superseded.js';

const NOTHING: Ended = { cancelled: 0, skipped: 0 };

/** Runs one round. Returns what was counted, and the number of chunks. */
async function round(chunk: (number: number) => Ended | null | Error, isStopping: (chunks: number) => boolean = () => false) {
  const counted: unknown[] = [];
  let chunks = 0;
  const run = createEndSuperseded({
    endNext: () => {
      const ended = chunk(chunks);
      chunks += 1;
      return ended instanceof Error ? Promise.reject(ended) : Promise.resolve(ended);
    },
    onEnded: (...ended) => void counted.push(ended),
    log: { info: () => undefined },
  });
  await run(() => isStopping(chunks));
  return { counted, chunks };
}

describe('a round that ends deliveries of disabled and deleted webhooks', () => {
  test('ends them chunk by chunk until none is left, and counts them', async () => {
    const ended = [{ cancelled: 2000, skipped: 0 }, { cancelled: 7, skipped: 3 }, NOTHING, null];
    expect(await round((number) => ended[number] ?? null)).toEqual({
      counted: [
        ['cancelled', 2000],
        ['cancelled', 7],
        ['skipped', 3],
      ],
      chunks: 4,
    });
  });

  test('ends after the current chunk when the worker stops', async () => {
    expect(
      await round(
        () => ({ cancelled: 2000, skipped: 0 }),
        (chunks) => chunks === 2,
      ),
    ).toMatchObject({ chunks: 2 });
  });

  test('ends when all rows are locked; the next round continues', async () => {
    expect((await round(() => NOTHING)).chunks).toBe(100);
  });

  test('fails when PostgreSQL is away', async () => {
    await expect(round(() => new Error('away'))).rejects.toThrow('away');
  });
});
