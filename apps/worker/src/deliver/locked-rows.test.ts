import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AttemptRecord, Claim, ClaimedDelivery, Queryable } from '@tidings/database';
import { createLease, type Lease, type LeaseStatements } from './lease.js';

/** The time, which passes only while a claim or a record waits, in milliseconds. */
let now: number;
let waits: number[];
/** Until when the rows of these deliveries and webhooks are locked, and which deliveries are superseded. */
let lockedUntil: Map<string, number>;
let superseded: Map<string, 'cancelled' | 'skipped'>;
/** The parked deliveries of webhooks. */
let parked: Map<string, string[]>;
/** The ids in each statement. */
let claimed: string[][];
let recorded: string[][];
let ended: string[][];
let counted: unknown[];
/** Fails the next statements. */
let failures: Error[];
let lease: Lease;
beforeEach(() => {
  now = 0;
  waits = [];
  lockedUntil = new Map();
  superseded = new Map();
  parked = new Map();
  [claimed, recorded, ended, counted, failures] = [[], [], [], [], []];
  lease = createLease({
    sql: {} as Queryable,
    leaseMs: 30_000,
    recordDeadlineMs: 15_000,
    health: { circuitAfter: 5, probeAfterMs: 1000, probeAtMostMs: 1000, disableAfterMs: 1000 },
    onEnded: (...end) => void counted.push(end),
    statements,
    wait: (ms) => {
      waits.push(ms);
      now += ms;
      return Promise.resolve();
    },
    now: () => now,
  });
});

const isLocked = (id: string) => (lockedUntil.get(id) ?? 0) > now;
const claimOf = (id: string): Claim => {
  if (isLocked(id)) return { state: 'locked', id, webhookId: 'wh_1' };
  if (superseded.has(id)) return { state: 'superseded', id, webhookId: 'wh_1' };
  return { state: 'claimed', id, webhookId: 'wh_1' } as ClaimedDelivery;
};
const statements: LeaseStatements = {
  claimDeliveries: (_sql, ids, { next = [] }) => {
    claimed.push([...ids, ...next.map(({ webhookId }) => webhookId)]);
    const failure = failures.shift();
    if (failure) return Promise.reject(failure);
    const nextClaims = next.flatMap(({ webhookId, count }): Claim[] =>
      isLocked(webhookId)
        ? (parked.get(webhookId) ?? []).slice(0, count).map((id) => ({ state: 'locked', id, webhookId }))
        : (parked.get(webhookId) ?? []).splice(0, count).map((id) => ({ ...claimOf(id), webhookId })),
    );
    return Promise.resolve([...ids.map(claimOf), ...nextClaims]);
  },
  endSuperseded: (_sql, ids) => {
    ended.push([...ids]);
    const count = (status: string) => ids.filter((id) => superseded.get(id) === status).length;
    return Promise.resolve({ cancelled: count('cancelled'), skipped: count('skipped') });
  },
  recordAttempts: (_sql, batch) => {
    recorded.push(batch.map(({ leaseToken }) => leaseToken));
    const failure = failures.shift();
    if (failure) return Promise.reject(failure);
    const tokens = batch.map(({ leaseToken }) => leaseToken);
    return Promise.resolve({
      held: new Map(
        tokens.filter((token) => !isLocked(token)).map((token) => [token, { backlogged: true, againInMs: 0, heldForMs: null }]),
      ),
      locked: new Set(tokens.filter(isLocked)),
      changes: null,
      slowed: [],
    });
  },
};
const record = (leaseToken: string) => lease.record({ leaseToken } as AttemptRecord);

describe('a claim of a locked row', () => {
  test('joins later statements, after waits that grow from 2 ms to 100 ms', async () => {
    lockedUntil.set('dlv_1', 500);
    expect(await lease.claim('dlv_1')).toMatchObject({ state: 'claimed', id: 'dlv_1' });
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 100, 100, 100, 100]);
    expect(claimed).toHaveLength(waits.length + 1);
  });

  test('does not hold up the others of its statement', async () => {
    lockedUntil.set('dlv_1', 500);
    const slow = lease.claim('dlv_1');
    expect(await lease.claim('dlv_2')).toMatchObject({ state: 'claimed', id: 'dlv_2' });
    expect(claimed).toEqual([['dlv_1', 'dlv_2']]);
    expect(await slow).toMatchObject({ state: 'claimed', id: 'dlv_1' });
  });

  test('postpones its job by a second, after a second', async () => {
    lockedUntil.set('dlv_1', Infinity);
    expect(await lease.claim('dlv_1')).toEqual({ state: 'deferred', id: 'dlv_1', webhookId: 'wh_1', dueInMs: 1000 });
    expect(now).toBeGreaterThanOrEqual(1000);
    expect(now).toBeLessThan(1100);
  });

  test('for the next delivery of a webhook waits for no more than a moment', async () => {
    parked.set('wh_1', ['dlv_1']);
    lockedUntil.set('wh_1', 10);
    expect(await lease.claimNext('wh_1')).toMatchObject({ state: 'claimed', id: 'dlv_1' });
    parked.set('wh_1', ['dlv_2', 'dlv_3']);
    lockedUntil.set('wh_1', Infinity);
    expect(await Promise.all([lease.claimNext('wh_1'), lease.claimNext('wh_1')])).toEqual([
      { state: 'locked', webhookId: 'wh_1' },
      { state: 'locked', webhookId: 'wh_1' },
    ]);
    expect(now).toBeLessThan(500);
  });
});

describe('a superseded delivery', () => {
  test('is ended, in one statement with others, and counted', async () => {
    superseded.set('dlv_1', 'cancelled').set('dlv_2', 'skipped').set('dlv_3', 'cancelled');
    expect(await Promise.all(['dlv_1', 'dlv_2', 'dlv_3', 'dlv_4'].map(lease.claim))).toMatchObject([
      { state: 'ended', webhookId: 'wh_1' },
      { state: 'ended', webhookId: 'wh_1' },
      { state: 'ended', webhookId: 'wh_1' },
      { state: 'claimed', id: 'dlv_4', webhookId: 'wh_1' },
    ]);
    expect(ended).toEqual([['dlv_1', 'dlv_2', 'dlv_3']]);
    expect(counted).toEqual([
      ['cancelled', 2],
      ['skipped', 1],
    ]);
  });

  test('is ended also when it was next in the line of its webhook', async () => {
    superseded.set('dlv_1', 'cancelled');
    parked.set('wh_1', ['dlv_1', 'dlv_2']);
    expect(await lease.claimNext('wh_1')).toEqual({ state: 'ended', webhookId: 'wh_1' });
    expect(await lease.claimNext('wh_1')).toMatchObject({ state: 'claimed', id: 'dlv_2' });
  });
});

describe('a record of a locked row', () => {
  test('joins later statements, and does not hold up the others of its statement', async () => {
    lockedUntil.set('one', 200);
    const slow = record('one');
    expect(await record('two')).toEqual({ held: true, backlogged: true, againInMs: 0, heldForMs: null });
    expect(recorded).toEqual([['one', 'two']]);
    expect(await slow).toEqual({ held: true, backlogged: true, againInMs: 0, heldForMs: null });
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 100]);
  });

  test('is repeated until the deadline of records, also while the database is away', async () => {
    lockedUntil.set('one', Infinity);
    failures = [new Error('away'), new Error('away')];
    await expect(record('one')).rejects.toThrow('locked');
    expect(now).toBeGreaterThan(15_000);
    expect(now).toBeLessThan(15_500);
  });

  test('of a lease that no longer holds is not repeated', async () => {
    statementsWithout('one');
    expect(await record('one')).toEqual({ held: false, backlogged: false, againInMs: null, heldForMs: null });
  });
});

/** Lets another worker take the lease. */
function statementsWithout(token: string): void {
  lease = createLease({
    sql: {} as Queryable,
    leaseMs: 30_000,
    recordDeadlineMs: 15_000,
    health: { circuitAfter: 5, probeAfterMs: 1000, probeAtMostMs: 1000, disableAfterMs: 1000 },
    statements: {
      ...statements,
      recordAttempts: async (...call) => {
        const result = await statements.recordAttempts(...call);
        result.held.delete(token);
        return result;
      },
    },
  });
}
