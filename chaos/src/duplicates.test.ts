import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainDuplicates } from './duplicates.js';
import type { Arrival, Fault } from './ledger.js';

const LEASE_MS = 4000;

/** Explains the requests of one delivery, all of them accepted by its receiver, by crashes at the given times. */
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
    path: '/',
    endedAtMs: atMs + 1,
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
    ['is unexplained without a fault', [10, 20], [], 1],
    ['is explained by a crash between the two requests', [10, 5000], [100], 0],
    ['is unexplained after a crash before the first request', [10, 20], [5], 1],
    ['is unexplained when the crash comes after the second request', [10, 20], [30], 1],
    ['is unexplained when the crash comes later than the lease of the first request', [10, 9000], [8000], 1],
    ['is unexplained when two duplicates have one crash', [10, 5000, 9000], [100], 1],
    ['is explained when two duplicates have two crashes', [10, 5000, 9000], [100, 5100], 0],
    ['is unexplained when two duplicates have two crashes before the second request', [10, 5000, 9000], [100, 200], 1],
  ];
  test.each(cases)('%s', (_name, arrivalsAt, crashesAt, unexplained) => {
    expect(explain(arrivalsAt, crashesAt)).toMatchObject({ unexplained, duplicates: arrivalsAt.length - 1 });
  });

  test('counts although the response to the first request was never sent: its receiver has the event', () => {
    expect(explain([10, 5000], [], { answeredAtMs: null })).toMatchObject({ duplicates: 1, unexplained: 1 });
  });

  test('does not count where the receiver refused the first request', () => {
    expect(explain([10, 5000], [], { status: 500 })).toMatchObject({ duplicates: 0, unexplained: 0 });
  });

  test('is not explained by a fault that interrupts nothing', () => {
    expect(explain([10, 5000], [100], { interrupts: 0 })).toMatchObject({ unexplained: 1, interruptions: 0 });
  });

  test('counts as late, once for each attempt that was recorded as timed out', () => {
    expect(explain([10, 5000, 9000], [], {}, 1)).toMatchObject({ duplicates: 1, late: 1, unexplained: 1 });
    expect(explain([10, 5000, 9000], [100], {}, 1)).toMatchObject({ duplicates: 1, late: 1, unexplained: 0 });
    expect(explain([10], [], {}, 3)).toMatchObject({ duplicates: 0, late: 0 });
  });

  test('is explained by a lasting fault, `perDelivery` times', () => {
    const lasting = { fromMs: 100, untilMs: 20_000 };
    expect(explain([10, 5000, 9000], [0], lasting).unexplained).toBe(1);
    expect(explain([10, 5000, 9000], [0], { ...lasting, perDelivery: 2 })).toMatchObject({ unexplained: 0, interruptions: 2 });
  });
});

describe('for all arrivals and crashes', () => {
  const times = fc.array(fc.nat(20_000), { maxLength: 6 });

  test('explains at most one duplicate of a delivery for each crash', () => {
    fc.assert(
      fc.property(times, times, (arrivalsAt, crashesAt) => {
        const { duplicates, unexplained } = explain(arrivalsAt, crashesAt);
        if (unexplained === 0) expect(duplicates).toBeLessThanOrEqual(crashesAt.length);
      }),
    );
  });

  test('never makes an explained duplicate unexplained by one more crash', () => {
    fc.assert(
      fc.property(times, times, fc.nat(20_000), (arrivalsAt, crashesAt, oneMore) => {
        const before = explain(arrivalsAt, crashesAt).unexplained;
        expect(explain(arrivalsAt, [...crashesAt, oneMore]).unexplained).toBeLessThanOrEqual(before);
      }),
    );
  });

  test('does not depend on the order in which the ledger lists arrivals and faults', () => {
    const arrivals = fc.shuffledSubarray([10, 5000, 9000, 14_000], { minLength: 4 });
    const crashes = fc.shuffledSubarray([100, 5100, 9100], { minLength: 3 });
    fc.assert(
      fc.property(arrivals, crashes, (arrivalsAt, crashesAt) => {
        expect(explain(arrivalsAt, crashesAt)).toMatchObject({ duplicates: 3, unexplained: 0 });
      }),
    );
  });
});
