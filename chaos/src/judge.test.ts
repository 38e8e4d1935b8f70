import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judge, type LoggedDelivery } from './judge.js';
import { createLedger, type Arrival, type Fault, type Ledger, type Publication } from './ledger.js';

const LEASE_MS = 4000;
const MAX_ATTEMPTS = 3;

/** A ledger with a webhook of alice for all types, and one of bob for `sync.*`. */
function ledger(): Ledger {
  const made = createLedger();
  made.webhooks.push({ id: 'wh_a', owner: 'alice', types: ['*'] }, { id: 'wh_b', owner: 'bob', types: ['sync.*'] });
  return made;
}

function publish(
  made: Ledger,
  id: string,
  publication: Publication = 'accepted',
  owner: string | null = 'alice',
  type = 'sync.failed',
): void {
  made.events.set(id, { id, type, owner, publication, atMs: 0 });
}

function arrive(made: Ledger, event: string, more: Partial<Arrival> = {}): void {
  const atMs = more.atMs ?? 10;
  made.arrivals.push({
    webhook: 'wh_a',
    event,
    attempt: 1,
    atMs,
    signature: 'valid',
    bodyHash: event,
    status: 200,
    answeredAtMs: atMs + 1,
    path: '/',
    endedAtMs: atMs + 1,
    ...more,
  });
}

function crash(made: Ledger, atMs: number, more: Partial<Fault> = {}): void {
  made.faults.push({ name: 'crash', fromMs: atMs, untilMs: atMs, interrupts: 20, perDelivery: 1, ...more });
}

function verdictOn(made: Ledger, deliveries: Partial<LoggedDelivery>[] = []) {
  const all = deliveries.map((delivery) => ({
    event: 'e1',
    webhook: 'wh_a',
    status: 'succeeded',
    attempts: 1,
    timeouts: 0,
    outlived: 0,
    ...delivery,
  }));
  return judge({ ledger: made, deliveries: all, maxAttempts: MAX_ATTEMPTS, leaseMs: LEASE_MS });
}

describe('the judge', () => {
  test('accepts a run in which each event arrived once at its webhook', () => {
    const made = ledger();
    publish(made, 'e1');
    arrive(made, 'e1');
    const { counts, violations } = verdictOn(made, [{}]);
    expect(violations).toEqual([]);
    expect(counts).toMatchObject({ accepted: 1, expected: 1, arrivals: 1, lost: 0, duplicates: 0 });
  });

  test('counts an accepted event as lost when no receiver answered it with a 2xx, whatever the log says', () => {
    const made = ledger();
    publish(made, 'e1');
    arrive(made, 'e1', { status: 500 });
    expect(verdictOn(made, [{ status: 'pending' }]).counts.lost).toBe(1);
    // The worker recorded a success without a request that succeeded.
    expect(verdictOn(made, [{ status: 'succeeded' }]).counts).toMatchObject({ lost: 1, untrue: 1 });
    // A receiver that could not send its response has not acknowledged the event.
    const cut = ledger();
    publish(cut, 'e1');
    arrive(cut, 'e1', { answeredAtMs: null });
    expect(verdictOn(cut).counts.lost).toBe(1);
  });

  test('expects an event for everyone at each webhook with a matching type, and at no other', () => {
    const made = ledger();
    publish(made, 'e1', 'accepted', null, 'sync.all');
    publish(made, 'e2', 'accepted', null, 'extraction.started');
    for (const event of ['e1', 'e2']) arrive(made, event);
    const { counts } = verdictOn(made);
    expect(counts).toMatchObject({ expected: 3, lost: 1, unexpected: 0 });
  });

  test('counts an event at the wrong webhook, or one that was never published, as unexpected', () => {
    const made = ledger();
    publish(made, 'e1');
    arrive(made, 'e1');
    arrive(made, 'e1', { webhook: 'wh_b' });
    arrive(made, 'e2');
    expect(verdictOn(made, [{}]).counts.unexpected).toBe(2);
    // A row of the log for an unpublished event counts like a request.
    expect(verdictOn(made, [{}, { event: 'e3', status: 'failed', attempts: 3 }]).counts.unexpected).toBe(3);
  });

  test('accepts an unsure event whether or not it arrives', () => {
    const made = ledger();
    publish(made, 'e1', 'unsure');
    publish(made, 'e2', 'unsure');
    arrive(made, 'e1');
    expect(verdictOn(made, [{}])).toMatchObject({ violations: [], counts: { lost: 0, unsure: 2 } });
  });

  test('accepts a failed delivery when the log has all its attempts, and otherwise counts it as lost', () => {
    const made = ledger();
    publish(made, 'e1');
    for (const atMs of [10, 20, 30]) arrive(made, 'e1', { status: 500, atMs });
    expect(verdictOn(made, [{ status: 'failed', attempts: 3 }]).violations).toEqual([]);
    expect(verdictOn(made, [{ status: 'failed', attempts: 2 }]).counts).toMatchObject({ lost: 1, untrue: 1 });
    expect(verdictOn(made, [{ status: 'cancelled', attempts: 0 }]).counts.lost).toBe(1);
  });

  test('counts invalid signatures and different bodies', () => {
    const made = ledger();
    publish(made, 'e1');
    crash(made, 15);
    arrive(made, 'e1', { signature: 'stale' });
    arrive(made, 'e1', { atMs: 20, bodyHash: 'another' });
    expect(verdictOn(made, [{}]).counts).toMatchObject({ invalid: 1, altered: 1 });
  });

  test('allows more requests than attempts only when a fault interrupted one', () => {
    const made = ledger();
    publish(made, 'e1');
    for (const atMs of [10, 20, 30, 40]) arrive(made, 'e1', { status: atMs === 40 ? 200 : 500, atMs });
    expect(verdictOn(made, [{ attempts: 3 }]).counts.excessive).toBe(1);
    crash(made, 25);
    expect(verdictOn(made, [{ attempts: 3 }]).violations).toEqual([]);
  });
});

describe('duplicates', () => {
  test('are not explained by a fault that interrupts nothing', () => {
    const made = ledger();
    publish(made, 'e1');
    for (const atMs of [10, 5000]) arrive(made, 'e1', { atMs });
    crash(made, 100, { interrupts: 0 });
    expect(verdictOn(made, [{}]).violations).toHaveLength(2);
  });

  test('are late, and need no fault, when the worker of the first request outlived its lease', () => {
    const made = ledger();
    publish(made, 'e1');
    arrive(made, 'e1', { atMs: 10 });
    arrive(made, 'e1', { atMs: 5000, attempt: 2 });
    expect(verdictOn(made, [{}]).violations).toHaveLength(2);
    expect(verdictOn(made, [{ outlived: 1 }])).toMatchObject({ violations: [], counts: { duplicates: 0, late: 1 } });
  });

  test('must not exceed the requests that can have been in flight', () => {
    const made = ledger();
    for (const event of ['e1', 'e2', 'e3']) {
      publish(made, event);
      for (const atMs of [10, 5000]) arrive(made, event, { atMs });
    }
    crash(made, 100, { interrupts: 2 });
    const { counts, violations } = verdictOn(
      made,
      ['e1', 'e2', 'e3'].map((event) => ({ event })),
    );
    expect(counts).toMatchObject({ duplicates: 3, bound: 2, unexplained: 0 });
    expect(violations).toEqual(['3 duplicates, though the faults allow 2']);
  });
});

describe('for all arrivals and crashes', () => {
  const times = fc.array(fc.nat(20_000), { maxLength: 6 });

  test('counts each 2xx beyond the first as a duplicate, unexplained without a fault', () => {
    fc.assert(
      fc.property(times, (atMs) => {
        const made = ledger();
        publish(made, 'e1');
        for (const at of atMs) arrive(made, 'e1', { atMs: at });
        const { counts } = verdictOn(made, atMs.length > 0 ? [{}] : []);
        expect(counts.duplicates).toBe(Math.max(0, atMs.length - 1));
        expect(counts.unexplained).toBe(atMs.length > 1 ? 1 : 0);
        expect(counts.lost).toBe(atMs.length === 0 ? 1 : 0);
      }),
    );
  });

  test('never finds more violations after one more fault', () => {
    fc.assert(
      fc.property(times, times, fc.nat(20_000), (arrivalsAt, crashesAt, oneMore) => {
        const made = ledger();
        publish(made, 'e1');
        for (const atMs of arrivalsAt) arrive(made, 'e1', { atMs });
        for (const atMs of crashesAt) crash(made, atMs);
        const before = verdictOn(made).violations.length;
        crash(made, oneMore);
        expect(verdictOn(made).violations.length).toBeLessThanOrEqual(before);
      }),
    );
  });
});
