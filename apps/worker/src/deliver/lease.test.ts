import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { acceptEvents, openDatabase, type AttemptRecord, type Database, type Queryable } from '@tidings/database';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { createLease, type Lease } from './lease.js';

let testDatabase: TestDatabase;
let database: Database;
let ids: string[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url });
  await database.prisma.webhook.create({
    data: {
      id: 'wh_1',
      owner: 'alice',
      url: 'https://example.com',
      eventTypes: ['*'],
      sealedSecret: new Uint8Array(1),
      maxInFlight: 100,
    },
  });
  const events = Array.from({ length: 50 }, (_, index) => ({
    id: `evt_${String(index)}`,
    type: 'a.b',
    owner: null,
    timestamp: new Date().toISOString(),
    data: '{}',
  }));
  const { admitted } = await acceptEvents(database.pool, [events], {
    patterns: new Map([['a.b', ['*']]]),
    wakeAfterMs: 60_000,
  });
  ids = admitted.map(({ id }) => id);
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

/** Counts the statements, and fails the first `failures` of them. */
function counting(failures = 0) {
  const counts = { statements: 0 };
  const query = (statement: { text: string }) => {
    counts.statements += 1;
    if (counts.statements <= failures) return Promise.reject(new Error('Connection terminated unexpectedly'));
    return database.pool.query(statement);
  };
  return { sql: { query } as unknown as Queryable, counts };
}
const toRecord = (claim: Awaited<ReturnType<Lease['claim']>>): AttemptRecord => {
  if (claim?.state !== 'claimed') throw new Error('not claimed');
  return {
    deliveryId: claim.id,
    leaseToken: claim.leaseToken,
    url: claim.url,
    startedAgoMs: 5,
    durationMs: 5,
    statusCode: 200,
    errorClass: null,
    error: null,
    responseBody: '',
    counted: true,
    throttle: null,
    slowDowns: claim.slowDowns,
    requestHeaders: { 'webhook-id': 'evt_1' },
    responseHeaders: { 'content-type': 'text/plain' },
    outcome: { status: 'succeeded' },
  };
};

const health = { circuitAfter: 5, probeAfterMs: 1000, probeAtMostMs: 1000, disableAfterMs: 1000 };
const open = (sql: Queryable, recordDeadlineMs = 1000) => createLease({ sql, leaseMs: 30_000, recordDeadlineMs, health });

describe('the lease of a delivery', () => {
  test('is claimed and recorded for many deliveries in one statement each', async () => {
    const { sql, counts } = counting();
    const lease = open(sql);
    const claims = await Promise.all(ids.slice(0, 40).map((id) => lease.claim(id)));
    expect(counts.statements).toBe(1);
    expect(await Promise.all(claims.map((claim) => lease.record(toRecord(claim))))).toEqual(
      claims.map(() => ({ held: true, backlogged: false, againInMs: null, heldForMs: null })),
    );
    expect(counts.statements).toBe(2);
    const { rows } = await database.pool.query("SELECT count(*)::int AS count FROM deliveries WHERE status = 'succeeded'");
    expect(rows).toEqual([{ count: 40 }]);
  });

  test('goes to one job when two jobs of the delivery claim it at once', async () => {
    const { sql, counts } = counting();
    const lease = open(sql);
    const claims = await Promise.all([lease.claim(ids[44] ?? ''), lease.claim(ids[44] ?? ''), lease.claim(ids[43] ?? '')]);
    expect(counts.statements).toBe(1);
    expect(claims.map((claim) => claim?.state)).toEqual(['claimed', undefined, 'claimed']);
  });

  test('is not given for a delivery that has ended', async () => {
    const lease = open(database.pool);
    expect(await lease.claim(ids[0] ?? '')).toBeUndefined();
  });

  test('is recorded when the database is back, so that the request is not sent again', async () => {
    const claim = await open(database.pool).claim(ids[45] ?? '');
    const { sql, counts } = counting(2);
    const lease = open(sql, 10_000);
    expect(await lease.record(toRecord(claim))).toMatchObject({ held: true });
    expect(counts.statements).toBe(3);
  });

  test('reports whether a parked delivery waits for its slot, which is claimed next', async () => {
    const { sql, counts } = counting();
    const lease = open(sql);
    const claim = await lease.claim(ids[47] ?? '');
    const park = "UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL WHERE delivery_id = ANY ($1)";
    await database.pool.query(park, [ids.slice(48)]);
    expect(await lease.record(toRecord(claim))).toEqual({ held: true, backlogged: true, againInMs: null, heldForMs: null });
    const next = await Promise.all([
      lease.claimNext('wh_1'),
      lease.claim(ids[42] ?? ''),
      ...['wh_1', 'wh_1'].map(lease.claimNext),
    ]);
    expect(counts.statements).toBe(3);
    expect(next).toMatchObject([{ id: ids[48] }, { id: ids[42] }, { id: ids[49] }]);
    expect(next[3]).toBeUndefined();
  });

  test('rejects when the record fails until the deadline', async () => {
    const claim = await open(database.pool).claim(ids[46] ?? '');
    const lease = open(counting(Infinity).sql, 0);
    await expect(lease.record(toRecord(claim))).rejects.toThrow('Connection terminated');
  });
});
