import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import { endSuperseded } from './end-superseded.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';
import { retryDelivery } from './retry-delivery.js';
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
const pending = async () => (await log.pool.query('SELECT FROM pending_deliveries')).rowCount;
const attempts = async () => {
  const { rows } = await log.pool.query<Record<string, unknown>>(`
    SELECT delivery_id, number, 5 * round(extract(epoch FROM now() - started_at) / 5)::int AS started_ago, duration_ms, status_code,
      error_class, error, response_body, counted, url,
      request_headers, response_headers
    FROM attempts ORDER BY delivery_id, number`);
  return rows;
};

describe('recording an attempt', () => {
  test('that succeeded ends the delivery in the log, and removes it from the pending ones', async () => {
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
    expect(await pending()).toBe(0);
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
        counted: true,
        url: 'https://example.com/wh_evt_1',
        request_headers: { 'webhook-id': 'evt_1' },
        response_headers: { 'content-type': 'text/plain' },
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
    expect(await attempts()).toMatchObject([{ request_headers: null, response_headers: null }]);
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

  test('that is to be retried keeps the place of a fifo delivery in its line', async () => {
    const fifo = await log.addDelivery('in_order', { ordering: 'fifo' });
    await record(answered(await log.claim(fifo), 500, { status: 'pending', retryInMs: 40_000 }));
    expect(await log.delivery(fifo)).toMatchObject({ stage: 'backoff', priority: 0, next_attempt_in: 40, wake_in: 55 });
  });

  test('that is to be retried writes nothing to the log but the attempt', async () => {
    const version = async () => (await log.pool.query('SELECT xmin, ctid FROM deliveries')).rows;
    const before = await version();
    await record(refused(claim, { status: 'pending', retryInMs: 40_000 }));
    expect(await version()).toEqual(before);
  });

  test('that is to be retried puts the delivery behind first attempts and before replays', async () => {
    await log.pool.query('UPDATE pending_deliveries SET priority = 2, replay = true');
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
        [claim.leaseToken, { backlogged: false, againInMs: null, heldForMs: null }],
        [other.leaseToken, { backlogged: true, againInMs: null, heldForMs: null }],
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

describe('an attempt that is not counted', () => {
  const again: AttemptRecord['outcome'] = { status: 'pending', retryInMs: 0 };

  test('is in the log and has a number, but the retry policy does not count it', async () => {
    await record({ ...answered(claim, 429, again), counted: false });
    expect(await log.claim(id)).toMatchObject({ attemptCount: 1, priorAttempts: 1 });
  });

  test('may come between others', async () => {
    await record(answered(claim, 500, again));
    await record({ ...answered(await log.claim(id), 429, again), counted: false });
    await record(answered(await log.claim(id), 500, again));
    expect(await log.claim(id)).toMatchObject({ attemptCount: 3, priorAttempts: 1 });
    expect((await attempts()).map(({ number, counted }) => [number, counted])).toEqual([
      [1, true],
      [2, false],
      [3, true],
    ]);
  });

  test('without a response met a closed connection: the delivery is resent from then on, until it ends', async () => {
    await record({ ...refused(claim, again), counted: false });
    const resend = await log.claim(id);
    expect(resend).toMatchObject({ isResent: true, attemptCount: 1, priorAttempts: 1 });
    await record(refused(resend, again));
    const retry = await log.claim(id);
    expect(retry).toMatchObject({ isResent: true, attemptCount: 2, priorAttempts: 1 });
    await record(refused(retry, { status: 'failed' }));
    await retryDelivery(log.pool, 'alice', id, WAKE_AFTER_MS);
    expect(await log.claim(id)).toMatchObject({ isResent: false, attemptCount: 3, priorAttempts: 3 });
  });

  test('with a response does not count as resent', async () => {
    await record({ ...answered(claim, 429, again), counted: false });
    expect(await log.claim(id)).toMatchObject({ isResent: false });
  });

  test("without a response does not change the webhook's health: its receiver was not asked", async () => {
    await record({ ...refused(claim, again), counted: false });
    expect(await log.health('wh_evt_1')).toMatchObject({ unreachable_count: 0, failing_ago: null });
  });

  test('with a response shows that the receiver is there, and does not want the event', async () => {
    await log.pool.query('UPDATE webhooks SET unreachable_count = 2');
    await record({ ...answered(claim, 429, again), counted: false });
    expect(await log.health('wh_evt_1')).toMatchObject({ unreachable_count: 0, failing_ago: 0 });
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
    await log.pool.query('UPDATE pending_deliveries SET leased_until = now(), wake_at = now()');
    await wakeDeliveries(log.pool, { againAfterMs: 60_000 });
    expect(await record(succeeded(claim))).toEqual(new Set());
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0 });
  });

  test('to another worker records nothing, even in the same statement as that worker', async () => {
    await log.pool.query('UPDATE pending_deliveries SET leased_until = now()');
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

describe('an attempt is not recorded, and waits for nobody,', () => {
  const recordAll = (...records: AttemptRecord[]) =>
    recordAttempts(log.pool, records, { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH });
  const nothingRecorded = async () => {
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', attempt_count: 0, lease_token: claim.leaseToken });
    expect((await attempts()).filter(({ delivery_id: of }) => of === id)).toEqual([]);
  };

  test('while another transaction has its delivery locked: it is answered as locked, and the others are recorded', async () => {
    const other = await log.claim(await log.addDelivery());
    const { held, locked } = await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [id], () =>
      recordAll(succeeded(claim), succeeded(other)),
    );
    expect([[...held.keys()], [...locked]]).toEqual([[other.leaseToken], [claim.leaseToken]]);
    await nothingRecorded();
    expect(await record(succeeded(claim))).toEqual(new Set([claim.leaseToken]));
  });

  test('while another transaction has its delivery locked: its answer counts for the webhook once, when it is recorded', async () => {
    const records = [refused(claim, { status: 'failed' })];
    await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [id], () => recordAll(...records));
    expect(await log.health('wh_evt_1')).toMatchObject({ unreachable_count: 0, failing_ago: null });
    await recordAll(...records);
    expect(await log.health('wh_evt_1')).toMatchObject({ unreachable_count: 1, failing_ago: 0 });
  });

  test("while its webhook's health is to change and another transaction has the webhook locked", async () => {
    const other = await log.claim(await log.addDelivery());
    const { held, locked, changes } = await log.whileHeld("SELECT FROM webhooks WHERE id = 'wh_evt_1' FOR UPDATE", [], () =>
      recordAll(refused(claim, { status: 'failed' }), refused(other, { status: 'failed' })),
    );
    expect([[...held.keys()], [...locked], changes]).toEqual([[other.leaseToken], [claim.leaseToken], null]);
    await nothingRecorded();
    expect(await log.health('wh_evt_1')).toMatchObject({ unreachable_count: 0, failing_ago: null });
  });

  test('except that a locked webhook whose health does not change is no hindrance', async () => {
    const { held } = await log.whileHeld("SELECT FROM webhooks WHERE id = 'wh_evt_1' FOR UPDATE", [], () =>
      recordAll(succeeded(claim)),
    );
    expect([...held.keys()]).toEqual([claim.leaseToken]);
  });

  test('if its lease is lost: then it is not locked, either', async () => {
    const { held, locked } = await log.whileHeld('SELECT FROM pending_deliveries WHERE delivery_id = $1 FOR UPDATE', [id], () =>
      recordAll(succeeded({ ...claim, leaseToken: randomUUID() })),
    );
    expect([held.size, locked.size]).toEqual([0, 0]);
  });
});

describe('a delivery that is superseded with its request under way', () => {
  const stillCancelled = {
    status: 'cancelled',
    stage: null,
    attempt_count: 1,
    lease_token: null,
    next_attempt_in: null,
    wake_in: null,
    finished: true,
  };
  const disable = async () => {
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await endSuperseded(log.pool, [id]);
  };

  test.each<[string, AttemptRecord['outcome']]>([
    ['failed', { status: 'failed' }],
    ['is to be retried', { status: 'pending', retryInMs: 1000 }],
  ])('stays cancelled when the attempt %s, and has the attempt', async (_, outcome) => {
    await disable();
    expect(await record({ ...succeeded(claim), outcome })).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject(stillCancelled);
    expect(await attempts()).toHaveLength(1);
    expect(await pending()).toBe(0);
  });

  test.each([
    ['cancelled', 'NULL'],
    ['skipped', "'failing'"],
  ])('is succeeded when its request did, although it was %s: the receiver has the event', async (status, reason) => {
    await log.pool.query(`UPDATE webhooks SET enabled = false, disabled_reason = ${reason}`);
    await endSuperseded(log.pool, [id]);
    expect(await log.delivery(id)).toMatchObject({ status, ended: true });
    expect(await record(succeeded(claim))).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject({ ...stillCancelled, status: 'succeeded' });
    expect(await attempts()).toHaveLength(1);
    expect(await pending()).toBe(0);
  });

  test('succeeds when it arrives before it is ended', async () => {
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await record(succeeded(claim));
    expect(await endSuperseded(log.pool, [id])).toEqual({ cancelled: 0, skipped: 0 });
    expect(await log.delivery(id)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  });

  test('has its attempt recorded as locked while it is being ended, and afterwards with its end', async () => {
    await log.pool.query('UPDATE webhooks SET enabled = false');
    const canceller = await log.pool.connect();
    await canceller.query('BEGIN');
    await endSuperseded(canceller, [id]);
    const options = { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH };
    expect((await recordAttempts(log.pool, [succeeded(claim)], options)).locked).toEqual(new Set([claim.leaseToken]));
    await canceller.query('COMMIT');
    canceller.release();
    expect(await record(answered(claim, 500, { status: 'failed' }))).toEqual(new Set([claim.leaseToken]));
    expect(await log.delivery(id)).toMatchObject(stillCancelled);
  });
});

describe('a delivery that was cancelled and retried with its request under way', () => {
  const recordOne = async (attempt: AttemptRecord) =>
    (await recordAttempts(log.pool, [attempt], { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH })).held.get(claim.leaseToken);
  beforeEach(async () => {
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await endSuperseded(log.pool, [id]);
    await log.pool.query('UPDATE webhooks SET enabled = true');
    expect(await retryDelivery(log.pool, 'alice', id, WAKE_AFTER_MS)).toEqual({ webhook: 'enabled', due: null });
  });

  test.each<[string, AttemptRecord['outcome']]>([
    ['arrived', { status: 'succeeded' }],
    ['failed for good', { status: 'failed' }],
    ['is to be retried in an hour', { status: 'pending', retryInMs: 3_600_000 }],
  ])('is due again at once when the old attempt %s', async (_, outcome) => {
    expect(await recordOne({ ...succeeded(claim), outcome })).toEqual({ backlogged: false, againInMs: 0, heldForMs: null });
    expect(await log.delivery(id)).toMatchObject({
      status: 'pending',
      stage: 'backoff',
      priority: 2,
      again: false,
      attempt_count: 1,
      lease_token: null,
      next_attempt_in: 0,
      wake_in: WAKE_AFTER_MS / 1000,
      finished: false,
    });
  });

  test('is attempted as a replay, whose retry policy does not count the old attempt, which was none', async () => {
    await recordOne(succeeded(claim));
    const replay = await log.claim(id);
    expect(replay).toMatchObject({ attemptCount: 1, priorAttempts: 1, replay: true });
    await record(succeeded(replay));
    const { rows } = await log.pool.query('SELECT number, replay FROM attempts ORDER BY number');
    expect(rows).toEqual([
      { number: 1, replay: false },
      { number: 2, replay: true },
    ]);
    expect(await log.delivery(id)).toMatchObject({ status: 'succeeded', attempt_count: 2 });
  });

  test('stays cancelled if it is cancelled once more before the old attempt is recorded', async () => {
    await log.pool.query('UPDATE webhooks SET enabled = false');
    await endSuperseded(log.pool, [id]);
    expect(await recordOne(answered(claim, 500, { status: 'failed' }))).toEqual({
      backlogged: false,
      againInMs: null,
      heldForMs: null,
    });
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', attempt_count: 1, stage: null });
  });
});

describe('an attempt at a URL that was changed meanwhile', () => {
  const retry: AttemptRecord['outcome'] = { status: 'pending', retryInMs: 3_600_000 };
  const changeUrl = () => log.pool.query("UPDATE webhooks SET url = 'https://example.com/new'");

  test('is followed by one at the new URL at once', async () => {
    await changeUrl();
    await record(refused(claim, retry));
    expect(await log.delivery(id)).toMatchObject({ stage: 'backoff', next_attempt_in: 0 });
  });

  test('does not disable the webhook, when the change commits while the record waits for nothing', async () => {
    await changeUrl();
    await record(answered(claim, 410, { status: 'failed' }));
    expect(await log.health('wh_evt_1')).toMatchObject({ enabled: true });
  });
});
