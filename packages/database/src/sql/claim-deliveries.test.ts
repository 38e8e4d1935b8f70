import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { openDatabase } from '../database.js';
import { claimDeliveries, type Claim } from './claim-deliveries.js';
import { setDeliveryPause } from './pause.js';
import { recordAttempts } from './record-attempts.js';

let log: TestLog;
let id: string;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  id = await log.addDelivery('evt_1');
});

const OPTIONS = { leaseMs: 60_000, wakeAfterMs: 30_000 };
const claim = (...ids: string[]) => claimDeliveries(log.pool, ids, OPTIONS);
const set = (change: string) => log.pool.query(change);
const stateOf = (claims: readonly Claim[], one: string) => claims.find((claimed) => claimed.id === one)?.state;

describe('claiming a delivery', () => {
  test('returns everything that sending needs', async () => {
    const { rows } = await log.pool.query<{ now: number }>('SELECT floor(extract(epoch FROM now()))::float8 AS now');
    const now = rows[0]?.now ?? 0;
    await log.pool.query(`UPDATE events SET data = '{"n": 1.0}', traceparent = '00-trace-span-01'`);
    await log.pool.query("UPDATE webhooks SET sealed_headers = 'sealed headers', sealed_previous_secrets = 'sealed previous'");
    await log.pool.query('UPDATE pending_deliveries SET attempt_count = 2');
    const [claimed] = await claim(id);
    // In Unix seconds by the database's clock.
    const { claimedAt } = claimed as { claimedAt: number };
    expect(claimedAt - now).toBeLessThan(60);
    expect(claimedAt).toBeGreaterThanOrEqual(now);
    expect([claimed]).toEqual([
      {
        state: 'claimed',
        id,
        leaseToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
        webhookId: 'wh_evt_1',
        owner: 'alice',
        url: 'https://example.com/wh_evt_1',
        sealedSecret: Buffer.from('secret of wh_evt_1'),
        sealedPreviousSecrets: Buffer.from('sealed previous'),
        sealedHeaders: Buffer.from('sealed headers'),
        claimedAt,
        eventId: 'evt_1',
        eventType: 'sync.completed',
        eventVersion: 1,
        eventTimestamp: '2026-03-01T00:00:00.000Z',
        eventData: '{"n": 1.0}',
        traceparent: '00-trace-span-01',
        attemptCount: 2,
        priorAttempts: 0,
        replay: false,
        isResent: false,
        firstAttemptAgoMs: null,
        slowDowns: 0,
        retry: { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null },
      },
    ]);
  });

  test('continues after a migration adds a column to webhooks: workers run during a deployment', async () => {
    const database = openDatabase({ url: log.url, maxConnections: 1 });
    const next = await log.addDelivery('evt_2');
    const claimNext = (one: string) => claimDeliveries(database.pool, [one], { leaseMs: 60_000, wakeAfterMs: 30_000 });
    try {
      expect(await claimNext(id)).toMatchObject([{ id }]);
      await log.pool.query('ALTER TABLE webhooks ADD COLUMN another TEXT');
      expect(await claimNext(next)).toMatchObject([{ id: next, sealedSecret: Buffer.from('secret of wh_evt_2') }]);
    } finally {
      await log.pool.query('ALTER TABLE webhooks DROP COLUMN another');
      await database.close();
    }
  });

  test("returns the webhook's retry policy, and the attempts before a replay", async () => {
    await set('UPDATE webhooks SET retry_max_attempts = 7, retry_initial_delay_ms = 100, retry_max_delay_ms = 2000');
    await set("UPDATE webhooks SET retry_schedule = 'standard-webhooks'");
    await set('UPDATE pending_deliveries SET attempt_count = 5, prior_attempts = 3, replay = true, priority = 2');
    expect(await log.claim(id)).toMatchObject({
      attemptCount: 5,
      priorAttempts: 3,
      replay: true,
      retry: { maxAttempts: 7, initialDelayMs: 100, maxDelayMs: 2000, schedule: 'standard-webhooks' },
    });
  });

  test('leases it; its wake time stays, and is the end of the lease only if it has passed (I2)', async () => {
    const { leaseToken } = await log.claim(id);
    const leased = { status: 'pending', stage: 'admitted', lease_token: leaseToken, leased_for: 60, attempt_count: 0 };
    expect(await log.delivery(id)).toMatchObject({ ...leased, wake_in: WAKE_AFTER_S });
    const late = await log.addDelivery();
    await log.pass(WAKE_AFTER_S + 1);
    await log.claim(late);
    expect(await log.delivery(late)).toMatchObject({ leased_for: 60, wake_in: 60 });
  });

  test('changes no index, and writes the new version beside the old one', async () => {
    const page = async () => {
      const { rows } = await log.pool.query<{ page: string }>(
        'SELECT (ctid::text::point)[0]::text AS page FROM pending_deliveries',
      );
      return rows;
    };
    const client = openDatabase({ url: log.url, maxConnections: 1 });
    try {
      const pageBefore = await page();
      await client.pool.query('BEGIN');
      await claimDeliveries(client.pool, [id], OPTIONS);
      const { rows } = await client.pool.query(
        "SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_xact_user_tables WHERE relname = 'pending_deliveries'",
      );
      await client.pool.query('COMMIT');
      expect(rows).toEqual([{ all: 1, hot: 1 }]);
      expect(await page()).toEqual(pageBefore);
    } finally {
      await client.close();
    }
  });

  test('writes nothing to the log', async () => {
    const version = async () => (await log.pool.query('SELECT xmin, ctid FROM deliveries')).rows;
    const before = await version();
    await log.claim(id);
    expect(await version()).toEqual(before);
  });

  test('succeeds once', async () => {
    await log.claim(id);
    expect(await claim(id)).toEqual([]);
  });

  test('succeeds for exactly one of several workers at once', async () => {
    const claims = await Promise.all(Array.from({ length: 10 }, () => claim(id)));
    const states = claims.flat().map(({ state }) => state);
    expect(states.filter((state) => state === 'claimed')).toHaveLength(1);
  });

  test('succeeds for another worker, with a new token, once the lease has expired', async () => {
    const first = await log.claim(id);
    await log.pool.query('UPDATE pending_deliveries SET leased_until = now()');
    const second = await log.claim(id);
    expect(second.leaseToken).not.toBe(first.leaseToken);
    expect((await log.delivery(id)).lease_token).toBe(second.leaseToken);
  });

  test('before its time defers it, returns when it is due, and changes nothing', async () => {
    await log.pool.query(
      "UPDATE pending_deliveries SET stage = 'backoff', attempt_count = 1, next_attempt_at = now() + interval '30 s', wake_at = now() + interval '45 s'",
    );
    expect(await claim(id)).toEqual([expect.objectContaining({ state: 'deferred', id })]);
    const [deferred] = await claim(id);
    expect(deferred?.state === 'deferred' && deferred.dueInMs).toBeGreaterThan(20_000);
    expect(deferred?.state === 'deferred' && deferred.dueInMs).toBeLessThanOrEqual(30_000);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', lease_token: null, wake_in: 45 });
  });

  test.each([
    ['an admitted delivery, due ten years ago', 'admitted', "'-10 years'", 'claimed'],
    ['an admitted delivery, due in ten years: it was due before', 'admitted', "'10 years'", 'claimed'],
    ['a retry, due ten years ago', 'backoff', "'-10 years'", 'claimed'],
    ['a retry, due in ten years', 'backoff', "'10 years'", 'deferred'],
  ])('works after the clock was set: %s', async (_, stage, interval, state) => {
    await set(
      `UPDATE pending_deliveries SET attempt_count = 1, stage = '${stage}', next_attempt_at = now() + ${interval}::interval`,
    );
    expect(await claim(id)).toMatchObject([{ id, state }]);
  });

  test('handles many deliveries in one statement, each according to its state', async () => {
    const late = await log.addDelivery();
    await log.pool.query(
      "UPDATE pending_deliveries SET attempt_count = 1, stage = 'backoff', next_attempt_at = now() + interval '1 s' WHERE delivery_id = $1",
      [late],
    );
    const off = await log.addDelivery('off');
    await log.pool.query("UPDATE webhooks SET enabled = false WHERE id = 'wh_off'");
    const states = new Map((await claim(id, late, off, 'dlv_unknown')).map((claimed) => [claimed.id, claimed.state]));
    expect(states).toEqual(
      new Map([
        [id, 'claimed'],
        [late, 'deferred'],
        [off, 'superseded'],
      ]),
    );
  });

  test('ignores an ended delivery, an unknown one, and one that is leased to another worker', async () => {
    const ended = await log.addDelivery();
    await recordAttempts(log.pool, [succeeded(await log.claim(ended))], { wakeAfterMs: 1000, health: HEALTH });
    await log.claim(id);
    expect(await claim(id, ended, 'dlv_unknown')).toEqual([]);
  });
});

describe('a claim waits for no lock', () => {
  test('of a delivery: it answers that one as locked, and claims the others', async () => {
    const other = await log.addDelivery();
    const claims = await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [id], () =>
      claim(id, other),
    );
    expect(stateOf(claims, other)).toBe('claimed');
    expect(claims.find((one) => one.id === id)).toEqual({ state: 'locked', id, webhookId: 'wh_evt_1' });
    expect(await claim(id)).toMatchObject([{ state: 'claimed' }]);
  });

  test("of a webhook's row: it answers the webhook's deliveries as locked, changes nothing, and claims the others", async () => {
    const other = await log.addDelivery();
    const before = await log.delivery(id);
    const claims = await log.whileHeld("UPDATE webhooks SET description = 'changed' WHERE id = 'wh_evt_1'", [], () =>
      claim(id, other),
    );
    expect(stateOf(claims, other)).toBe('claimed');
    expect(claims.find((one) => one.id === id)).toEqual({ state: 'locked', id, webhookId: 'wh_evt_1' });
    expect(await log.delivery(id)).toEqual(before);
    expect(await claim(id)).toMatchObject([{ state: 'claimed' }]);
  });

  test('of a webhook whose parked deliveries it was asked for: they are locked, too', async () => {
    await set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
    const claims = await log.whileHeld("UPDATE webhooks SET description = 'changed'", [], () =>
      claimDeliveries(log.pool, [], { ...OPTIONS, next: [{ webhookId: 'wh_evt_1', count: 2 }] }),
    );
    expect(claims).toEqual([{ state: 'locked', id, webhookId: 'wh_evt_1' }]);
  });
});

describe('a delivery to a webhook that was disabled or deleted since', () => {
  const superseded = () => [{ state: 'superseded', id, webhookId: 'wh_evt_1' }];

  test.each([
    ['disabled by Tidings', "UPDATE webhooks SET enabled = false, disabled_reason = 'failing'"],
    ['disabled by its owner', 'UPDATE webhooks SET enabled = false'],
    ['deleted', 'DELETE FROM webhooks'],
  ])('(%s) is superseded: it is not attempted, and left to be ended', async (_, change) => {
    await set(change);
    const before = await log.delivery(id);
    expect(await claim(id)).toEqual(superseded());
    expect(await log.delivery(id)).toEqual(before);
  });

  test('stays superseded when its webhook is enabled again, unlike a delivery that is accepted afterwards', async () => {
    await set('UPDATE webhooks SET enabled = false');
    await set("UPDATE webhooks SET enabled = true, event_types = '{*}'");
    await log.accept({ id: 'later' });
    const later = (await log.deliveries()).find(({ event_id: event }) => event === 'later')?.id ?? '';
    const claims = await claim(id, later);
    expect([stateOf(claims, id), stateOf(claims, later)]).toEqual(['superseded', 'claimed']);
  });

  test('is superseded after its worker crashed and the lease expired', async () => {
    await log.claim(id);
    await log.pass(61);
    await set('DELETE FROM webhooks');
    expect(await claim(id)).toEqual(superseded());
  });

  test('is left alone while a worker holds its lease', async () => {
    const { leaseToken } = await log.claim(id);
    await set('DELETE FROM webhooks');
    expect(await claim(id)).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', lease_token: leaseToken });
  });
});

describe('a claim that waited for a pause to commit', () => {
  test('sees it: no request begins after a pause is acknowledged', async () => {
    const pauser = await log.pool.connect();
    await pauser.query('BEGIN');
    await setDeliveryPause(pauser, true, 'olga');
    const claims = claim(id);
    await log.lockWaits(1);
    await pauser.query('COMMIT');
    pauser.release();
    expect(await claims).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ stage: 'parked', lease_token: null });
  });

  test('leases the delivery from then on, not from its own beginning', async () => {
    const committer = await log.pool.connect();
    await committer.query('BEGIN');
    await setDeliveryPause(committer, false, 'olga');
    const claims = claim(id);
    await log.lockWaits(1);
    const waiting = await log.pool.query<{ began: Date }>(
      "SELECT query_start AS began FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    const began = waiting.rows[0]?.began.getTime() ?? 0;
    await eventually(async () => {
      const { rows } = await log.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      expect(rows[0]?.now.getTime()).toBeGreaterThan(began + 1000);
    });
    await committer.query('COMMIT');
    committer.release();
    expect(await claims).toMatchObject([{ state: 'claimed' }]);
    const { rows } = await log.pool.query<{ until: Date }>('SELECT leased_until AS until FROM pending_deliveries');
    expect(rows[0]?.until.getTime()).toBeGreaterThan(began + 1000 + OPTIONS.leaseMs);
  });
});
