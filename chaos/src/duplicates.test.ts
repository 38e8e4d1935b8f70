import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainDuplicates } from './duplicates.js';
import type { Arrival, Fault } from './ledger.js';

const LEASE_MS = 4000;

/** Holds what came of one delivery, each taken by its receiver, against crashes. */
function explain(arrivalsAt: readonly number[], crashesAt: readonly number[], more: Partial<Arrival & Fault> = {}, timeouts = 0) {
  const arrivals = arrivalsAt.map((atMs, index): Arrival => ({
    webhook: 'wh_a',
    event: 'e1',
    attempt: index + 1,
    atMs,
    signature: 'valid',
    bodyHash: '',
    status: 200,
    answeredAtMs: atMs + 1,
    ...more,
  }));
  const faults = crashesAt.map((at): Fault => ({
    name: 'crash',
    fromMs: at,
    untilMs: at,
    interrupts: 20,
    perDelivery: 1,
    ...more,
  }));
  const { duplicates, late, unexplained, interruptions } = explainDuplicates(
    new Map([['d', arrivals]]),
    faults,
    LEASE_MS,
    new Map([['d', timeouts]]),
  );
  return { duplicates, late, unexplained: unexplained.length, interruptions: interruptions.get('d') ?? 0 };
}

describe('a duplicate', () => {
  const cases: [name: string, arrivalsAt: number[], crashesAt: number[], unexplained: number][] = [
    ['without a fault', [10, 20], [], 1],
    ['with a crash between the two', [10, 5000], [100], 0],
    ['with a crash before the first', [10, 20], [5], 1],
    ['with a crash after the second', [10, 20], [30], 1],
    ['with a crash so long after the first that it was recorded', [10, 9000], [8000], 1],
    ['and another one, with one crash', [10, 5000, 9000], [100], 1],
    ['and another one, with two crashes', [10, 5000, 9000], [100, 5100], 0],
    ['and another one, with two crashes that both come before the second request', [10, 5000, 9000], [100, 200], 1],
  ];
  test.each(cases)('%s', (_name, arrivalsAt, crashesAt, unexplained) => {
    expect(explain(arrivalsAt, crashesAt)).toMatchObject({ unexplained, duplicates: arrivalsAt.length - 1 });
  });

  test('counts although the answer to the first request never went out: its receiver has it', () => {
    expect(explain([10, 5000], [], { answeredAtMs: null })).toMatchObject({ duplicates: 1, unexplained: 1 });
  });

  test('is none where the receiver refused', () => {
    expect(explain([10, 5000], [], { status: 500 })).toMatchObject({ duplicates: 0, unexplained: 0 });
  });

  test('is not excused by a fault that interrupts nothing', () => {
    expect(explain([10, 5000], [100], { interrupts: 0 })).toMatchObject({ unexplained: 1, interruptions: 0 });
  });

  test('is late, and no duplicate, as often as an attempt was recorded as timed out', () => {
    expect(explain([10, 5000, 9000], [], {}, 1)).toMatchObject({ duplicates: 1, late: 1, unexplained: 1 });
    expect(explain([10, 5000, 9000], [100], {}, 1)).toMatchObject({ duplicates: 1, late: 1, unexplained: 0 });
    expect(explain([10], [], {}, 3)).toMatchObject({ duplicates: 0, late: 0 });
  });

  test('is explained by a fault that lasts, as often as it says', () => {
    const lasting = { fromMs: 100, untilMs: 20_000 };
    expect(explain([10, 5000, 9000], [0], lasting).unexplained).toBe(1);
    expect(explain([10, 5000, 9000], [0], { ...lasting, perDelivery: 2 })).toMatchObject({ unexplained: 0, interruptions: 2 });
  });
});

describe('whatever happens', () => {
  const times = fc.array(fc.nat(20_000), { maxLength: 6 });

  test('as many duplicates of one delivery are explained as there are crashes, at most', () => {
    fc.assert(
      fc.property(times, times, (arrivalsAt, crashesAt) => {
        const { duplicates, unexplained } = explain(arrivalsAt, crashesAt);
        if (unexplained === 0) expect(duplicates).toBeLessThanOrEqual(crashesAt.length);
      }),
    );
  });

  test('another crash never makes an explained duplicate unexplained', () => {
    fc.assert(
      fc.property(times, times, fc.nat(20_000), (arrivalsAt, crashesAt, oneMore) => {
        const before = explain(arrivalsAt, crashesAt).unexplained;
        expect(explain(arrivalsAt, [...crashesAt, oneMore]).unexplained).toBeLessThanOrEqual(before);
      }),
    );
  });

  test('the order in which arrivals and faults were written down means nothing', () => {
    const arrivals = fc.shuffledSubarray([10, 5000, 9000, 14_000], { minLength: 4 });
    const crashes = fc.shuffledSubarray([100, 5100, 9100], { minLength: 3 });
    fc.assert(
      fc.property(arrivals, crashes, (arrivalsAt, crashesAt) => {
        expect(explain(arrivalsAt, crashesAt)).toMatchObject({ duplicates: 3, unexplained: 0 });
      }),
    );
  });
});
