import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { cancelDeliveries } from './cancel-deliveries.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
let id: string;
let claim: ClaimedDelivery;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  id = await log.addDelivery('evt_1');
  claim = await log.claim(id);
});

const WAKE_AFTER_MS = 15_000;
const record = async (...records: AttemptRecord[]) =>
  new Set((await recordAttempts(log.pool, records, { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH })).held.keys());
const attempts = async () => {
  const { rows } = await log.pool.query<Record<string, unknown>>(`
    SELECT delivery_id, number, 5 * round(extract(epoch FROM now() - started_at) / 5)::int AS started_ago, duration_ms, status_code,
      error_class, error, response_body
    FROM attempts ORDER BY delivery_id, number`);
  return rows;
};

describe('recording an attempt', () => {
  test('that succeeded ends the delivery, and releases the lease', async () => {
    expect(await record(succeeded(claim))).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject({
      status: 'succeeded',
      stage: null,
      attempt_count: 1,
      lease_token: null,
      next_attempt_in: null,
      wake_in: null,
      finished: true,
    });
    expect(await attempts()).toEqual([
      {
        delivery_id: id,
        number: 1,
        started_ago: 20,
        duration_ms: 125,
        status_code: 204,
        error_class: null,
        error: null,
        response_body: 'thanks',
      },
    ]);
  });

  test('that failed finally ends the delivery, too', async () => {
    await record(refused(claim, { status: 'failed' }));
    expect(await log.delivery(id)).toMatchObject({
      status: 'failed',
      stage: null,
      attempt_count: 1,
      next_attempt_in: null,
      wake_in: null,
      finished: true,
    });
    expect(await attempts()).toMatchObject([{ status_code: null, error_class: 'refused', error: 'connect ECONNREFUSED' }]);
  });

  test('that is to be retried sets the time of the next attempt, and a wake time after it (I2)', async () => {
    await record(refused(claim, { status: 'pending', retryInMs: 40_000 }));
    expect(await log.delivery(id)).toMatchObject({
      status: 'pending',
      stage: 'backoff',
      priority: 1,
      attempt_count: 1,
      lease_token: null,
      next_attempt_in: 40,
      wake_in: 55,
      finished: false,
    });
  });

  test('that is to be retried keeps the slot of a fifo webhook, and its place in line', async () => {
    const fifo = await log.addDelivery('in_order', { ordering: 'fifo' });
    await record(answered(await log.claim(fifo), 500, { status: 'pending', retryInMs: 40_000 }));
    expect(await log.delivery(fifo)).toMatchObject({ stage: 'admitted', priority: 0, next_attempt_in: 40, wake_in: 55 });
  });

  test('that is to be retried puts the delivery behind first attempts and before replays', async () => {
    await log.pool.query('UPDATE deliveries SET priority = 2, replay = true');
    await record(answered(claim, 500, { status: 'pending', retryInMs: 1000 }));
    expect(await log.delivery(id)).toMatchObject({ stage: 'backoff', priority: 2 });
    const { rows } = await log.pool.query('SELECT replay FROM attempts');
    expect(rows).toEqual([{ replay: true }]);
  });

  test('returns for each whether the webhook has parked deliveries for its slot', async () => {
    const backlogged = await log.addDeliveries(2, { maxInFlight: 1 });
    const other = await log.claim(backlogged[0] ?? '');
    const recorded = await recordAttempts(log.pool, [succeeded(claim), succeeded(other)], { wakeAfterMs: 1000, health: HEALTH });
    expect([...recorded.held].sort()).toEqual(
      [
        [claim.leaseToken, { backlogged: false }],
        [other.leaseToken, { backlogged: true }],
      ].sort(),
    );
  });

  test('to a deleted webhook records it as well', async () => {
    await log.pool.query('DELETE FROM webhooks');
    await record(refused(claim, { status: 'pending', retryInMs: 1000 }));
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', stage: 'backoff', attempt_count: 1 });
  });

  test('numbers the attempts of a delivery', async () => {
    await record(refused(claim, { status: 'pending', retryInMs: 0 }));
    await record(refused(await log.claim(id), { status: 'pending', retryInMs: 0 }));
    await record(succeeded(await log.claim(id)));
    expect((await attempts()).map(({ number, status_code: status }) => [number, status])).toEqual([
      [1, null],
      [2, null],
      [3, 204],
    ]);
    expect(await log.delivery(id)).toMatchObject({ status: 'succeeded', attempt_count: 3 });
  });

  test('of many deliveries takes one statement', async () => {
    const others = await Promise.all(Array.from({ length: 20 }, async () => log.claim(await log.addDelivery())));
    const held = await record(...others.map(succeeded), refused(claim, { status: 'failed' }));
    expect(held.size).toBe(21);
    expect((await log.deliveries()).map(({ status }) => status).sort()).toEqual(['failed', ...others.map(() => 'succeeded')]);
    expect(await attempts()).toHaveLength(21);
  });
});

describe('a worker that lost its lease (I3)', () => {
  test('because its token is invalid, records nothing', async () => {
    expect(await record(succeeded({ ...claim, leaseToken: randomUUID() }))).toEqual(new Set());
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0, lease_token: claim.leaseToken });
    expect(await attempts()).toEqual([]);
  });

  test('because it has already recorded, records nothing again', async () => {
    await record(refused(claim, { status: 'pending', retryInMs: 0 }));
    expect(await record(succeeded(claim))).toEqual(new Set());
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 1 });
  });

  test('because the reconciler withdrew it, records nothing', async () => {
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    await wakeDeliveries(log.pool, 60_000);
    expect(await record(succeeded(claim))).toEqual(new Set());
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0 });
  });

  test('to another worker records nothing, even in the same statement as that worker', async () => {
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    const later = await log.claim(id);
    expect(await record(succeeded(claim), refused(later, { status: 'failed' }))).toEqual(new Set([later.leaseToken]));
    expect(await log.delivery(id)).toMatchObject({ status: 'failed', attempt_count: 1 });
    expect(await attempts()).toMatchObject([{ number: 1, error_class: 'refused' }]);
  });

  test('prevents no other record of its commit', async () => {
    const other = await log.claim(await log.addDelivery());
    expect(await record(succeeded({ ...claim, leaseToken: randomUUID() }), succeeded(other))).toEqual(
      new Set([other.leaseToken]),
    );
    expect((await log.delivery(other.id)).status).toBe('succeeded');
  });
});

describe('a delivery that is cancelled with its request in flight', () => {
  const stillCancelled = {
    status: 'cancelled',
    stage: null,
    attempt_count: 1,
    lease_token: null,
    next_attempt_in: null,
    wake_in: null,
    finished: true,
  };

  test.each<[string, AttemptRecord['outcome']]>([
    ['arrived', { status: 'succeeded' }],
    ['failed', { status: 'failed' }],
    ['is to be retried', { status: 'pending', retryInMs: 1000 }],
  ])('stays cancelled when the attempt %s, and has the attempt', async (_, outcome) => {
    await cancelDeliveries(log.pool, 'wh_evt_1');
    expect(await record({ ...succeeded(claim), outcome })).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject(stillCancelled);
    expect(await attempts()).toHaveLength(1);
  });

  test('stays cancelled when both commit at the same time', async () => {
    const canceller = await log.pool.connect();
    await canceller.query('BEGIN');
    await cancelDeliveries(canceller, 'wh_evt_1');
    const recording = record(succeeded(claim));
    await eventually(async () => {
      const { rows } = await log.pool.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      expect(rows).toHaveLength(1);
    });
    await canceller.query('COMMIT');
    canceller.release();
    expect(await recording).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject(stillCancelled);
  });
});
