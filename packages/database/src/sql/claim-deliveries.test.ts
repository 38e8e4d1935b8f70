import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase } from '../database.js';
import { claimDeliveries } from './claim-deliveries.js';

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

describe('claiming a delivery', () => {
  test('returns everything that sending needs', async () => {
    const { rows } = await log.pool.query<{ now: number }>('SELECT floor(extract(epoch FROM now()))::float8 AS now');
    const now = rows[0]?.now ?? 0;
    await log.pool.query(`UPDATE events SET data = '{"n": 1.0}', traceparent = '00-trace-span-01'`);
    await log.pool.query("UPDATE webhooks SET sealed_headers = 'sealed headers', sealed_previous_secrets = 'sealed previous'");
    await log.pool.query('UPDATE deliveries SET attempt_count = 2');
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
        eventTimestamp: '2026-03-01T00:00:00.000Z',
        eventData: '{"n": 1.0}',
        traceparent: '00-trace-span-01',
        attemptCount: 2,
        priorAttempts: 0,
        replay: false,
        retry: { maxAttempts: null, initialDelayMs: null, maxDelayMs: null },
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
    await set('UPDATE deliveries SET attempt_count = 5, prior_attempts = 3, replay = true, priority = 2');
    expect(await log.claim(id)).toMatchObject({
      attemptCount: 5,
      priorAttempts: 3,
      replay: true,
      retry: { maxAttempts: 7, initialDelayMs: 100, maxDelayMs: 2000 },
    });
  });

  test('leases it, with the end of the lease as its wake time (I2)', async () => {
    const { leaseToken } = await log.claim(id);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', lease_token: leaseToken, wake_in: 60, attempt_count: 0 });
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

  test('defers a delivery that another transaction has locked for a moment, without waiting', async () => {
    const other = await log.addDelivery();
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [id]);
    const claims = await claim(id, other);
    expect(claims.find((claimed) => claimed.id === other)).toMatchObject({ state: 'claimed' });
    expect(claims.find((claimed) => claimed.id === id)).toMatchObject({ state: 'deferred', dueInMs: 50 });
    await holder.query('ROLLBACK');
    holder.release();
    expect(await claim(id)).toMatchObject([{ state: 'claimed' }]);
  });

  test('succeeds for another worker, with a new token, once the lease has expired', async () => {
    const first = await log.claim(id);
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    const second = await log.claim(id);
    expect(second.leaseToken).not.toBe(first.leaseToken);
    expect((await log.delivery(id)).lease_token).toBe(second.leaseToken);
  });

  test('before its time defers it, returns when it is due, and changes nothing', async () => {
    await log.pool.query("UPDATE deliveries SET next_attempt_at = now() + interval '30 s', wake_at = now() + interval '45 s'");
    expect(await claim(id)).toEqual([expect.objectContaining({ state: 'deferred', id })]);
    const [deferred] = await claim(id);
    expect(deferred?.state === 'deferred' && deferred.dueInMs).toBeGreaterThan(20_000);
    expect(deferred?.state === 'deferred' && deferred.dueInMs).toBeLessThanOrEqual(30_000);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', lease_token: null, wake_in: 45 });
  });

  test.each([
    ['ten years ago', "'-10 years'", 'claimed'],
    ['in ten years', "'10 years'", 'deferred'],
  ])('works after the clock was set: a delivery due %s', async (_, interval, state) => {
    await set(`UPDATE deliveries SET next_attempt_at = now() + ${interval}::interval`);
    expect(await claim(id)).toMatchObject([{ id, state }]);
  });

  test('handles many deliveries in one statement, each according to its state', async () => {
    const late = await log.addDelivery();
    await log.pool.query("UPDATE deliveries SET next_attempt_at = now() + interval '1 s' WHERE id = $1", [late]);
    const off = await log.addDelivery('off');
    await log.pool.query("UPDATE webhooks SET enabled = false WHERE id = 'wh_off'");
    const states = new Map((await claim(id, late, off, 'dlv_unknown')).map((claimed) => [claimed.id, claimed.state]));
    expect(states).toEqual(
      new Map([
        [id, 'claimed'],
        [late, 'deferred'],
      ]),
    );
  });

  test.each(['succeeded', 'failed', 'cancelled', 'skipped'])('leaves a %s delivery alone', async (status) => {
    await log.pool.query('UPDATE deliveries SET status = $1, stage = NULL, next_attempt_at = NULL, wake_at = NULL', [status]);
    expect(await claim(id)).toEqual([]);
    expect((await log.delivery(id)).status).toBe(status);
  });
});

describe('a delivery to a webhook that Tidings disabled', () => {
  test.each(['failing', 'gone'])('as %s is skipped when it is claimed', async (reason) => {
    await log.pool.query('UPDATE webhooks SET enabled = false, disabled_reason = $1', [reason]);
    const ended: string[] = [];
    expect(await claimDeliveries(log.pool, [id], { ...OPTIONS, onEnded: (status) => void ended.push(status) })).toEqual([]);
    expect(ended).toEqual(['skipped']);
    expect(await log.delivery(id)).toMatchObject({
      status: 'skipped',
      stage: null,
      attempt_count: 0,
      lease_token: null,
      next_attempt_in: null,
      wake_in: null,
      finished: true,
    });
  });
});

describe('a delivery to a webhook that its owner disabled or removed', () => {
  test.each([
    ['disabled', 'UPDATE webhooks SET enabled = false'],
    ['removed', 'DELETE FROM webhooks'],
  ])('is cancelled when it is claimed, because its owner %s the webhook', async (_, change) => {
    await log.pool.query(change);
    const ended: string[] = [];
    expect(await claimDeliveries(log.pool, [id], { ...OPTIONS, onEnded: (status) => void ended.push(status) })).toEqual([]);
    expect(ended).toEqual(['cancelled']);
    expect(await log.delivery(id)).toMatchObject({
      status: 'cancelled',
      stage: null,
      lease_token: null,
      next_attempt_in: null,
      wake_in: null,
      finished: true,
    });
  });

  test('is cancelled after its worker crashed and the lease expired', async () => {
    await log.claim(id);
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    await log.pool.query('DELETE FROM webhooks');
    expect(await claim(id)).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', lease_token: null });
  });

  test('is left alone while a worker holds its lease', async () => {
    const { leaseToken } = await log.claim(id);
    await log.pool.query('DELETE FROM webhooks');
    expect(await claim(id)).toEqual([]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', lease_token: leaseToken });
  });
});
