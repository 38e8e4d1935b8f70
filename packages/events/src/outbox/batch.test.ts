import { describe, expect, test } from '@jest/globals';
import { createBatch, type Batch } from './batch.js';

const events = (...positions: number[]) => positions.map((position) => ({ position: String(position) }));
const fail = (batch: Batch, ...positions: number[]) =>
  batch.record(batch.plan(), { relayed: 0, rejected: [], failed: events(...positions) });
const relay = (batch: Batch, relayed: number) => batch.record(batch.plan(), { relayed, rejected: [] });

describe('the batch of a relay', () => {
  test('is halved by a failure, and says so while there is something to halve', () => {
    const batch = createBatch();
    expect(batch.plan()).toEqual({ limit: 1000 });
    expect(fail(batch, 1, 2, 3, 4, 5)).toBe(true);
    expect(batch.plan()).toEqual({ limit: 2 });
    expect(fail(batch, 1, 2)).toBe(true);
    expect(batch.plan()).toEqual({ limit: 1 });
    expect(fail(batch, 1)).toBe(false);
    expect(batch.plan()).toEqual({ limit: 1 });
  });

  test('grows by an eighth with each round that moves events, up to 1,000', () => {
    const batch = createBatch();
    fail(batch, ...Array.from({ length: 16 }, (_, index) => index));
    const limits = Array.from({ length: 60 }, () => {
      relay(batch, 1);
      return batch.plan().limit;
    });
    expect(limits.slice(0, 3)).toEqual([9, 11, 13]);
    expect(limits.at(-1)).toBe(1000);
    relay(batch, 0);
    expect(batch.plan()).toEqual({ limit: 1000 });
  });

  /** Lets the event at position 1 fail alone until the one behind it is tried. */
  const stickAtFirst = () => {
    const batch = createBatch();
    for (let failures = 0; failures < 10; failures += 1) {
      expect(batch.plan().skip).toBeUndefined();
      fail(batch, 1);
    }
    expect(batch.plan()).toEqual({ limit: 1, skip: '1' });
    return batch;
  };

  test('tries the event behind one that fails alone, and the first in turns, while both fail or there is no other', () => {
    const batch = stickAtFirst();
    fail(batch, 2);
    expect(batch.plan()).toEqual({ limit: 1 });
    fail(batch, 1);
    expect(batch.plan()).toEqual({ limit: 1, skip: '1' });
    relay(batch, 0);
    expect(batch.plan()).toEqual({ limit: 1 });
  });

  test('gives a stuck event one more try when the one behind it was accepted, and forgets it when it succeeds', () => {
    const batch = stickAtFirst();
    relay(batch, 1);
    expect(batch.plan()).toEqual({ limit: 1, lastTry: '1' });
    relay(batch, 1);
    expect(batch.plan()).toEqual({ limit: 2 });
  });

  test('begins to count again with another event', () => {
    const batch = createBatch();
    for (let failures = 0; failures < 9; failures += 1) fail(batch, 1);
    for (let failures = 0; failures < 9; failures += 1) fail(batch, 2);
    expect(batch.plan()).toEqual({ limit: 1 });
  });
});
