import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { claimDeliveries } from './claim-deliveries.js';
import { endSuperseded } from './end-superseded.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';
import { retryDelivery } from './retry-delivery.js';

let log: TestLog;
let id: string;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  id = await log.addDelivery('one');
});

const set = (change: string) => log.pool.query(change);
const disable = () => set('UPDATE webhooks SET enabled = false');
const enable = () => set('UPDATE webhooks SET enabled = true');
const retry = () => retryDelivery(log.pool, 'alice', id, 15_000);
const record = (attempt: AttemptRecord) => recordAttempts(log.pool, [attempt], { wakeAfterMs: 15_000, health: HEALTH });
const claim = () => claimDeliveries(log.pool, [id], { leaseMs: 60_000, wakeAfterMs: 15_000 });
const due = (priority: number) => ({ webhook: 'enabled', due: { id, priority } });
const unchanged = { webhook: 'enabled', due: null };

describe('retrying a delivery that ended', () => {
  const ends: [string, () => Promise<unknown>, number][] = [
    ['succeeded', async () => record(succeeded(await log.claim(id))), 1],
    ['failed', async () => record(answered(await log.claim(id), 500, { status: 'failed' })), 1],
    [
      'was cancelled',
      async () => {
        await disable();
        await endSuperseded(log.pool, [id]);
        await enable();
      },
      0,
    ],
  ];
  test.each(ends)('makes it pending again, as a replay that is due now: it %s', async (_, end, attemptCount) => {
    await end();
    expect(await retry()).toEqual(due(2));
    expect(await log.delivery(id)).toMatchObject({
      status: 'pending',
      stage: 'backoff',
      priority: 2,
      attempt_count: attemptCount,
      lease_token: null,
      next_attempt_in: 0,
      wake_in: 15,
      finished: false,
    });
    expect(await log.claim(id)).toMatchObject({ replay: true, attemptCount, priorAttempts: attemptCount });
  });

  test('belongs to the present generation of its webhook', async () => {
    await record(succeeded(await log.claim(id)));
    await disable();
    await enable();
    await retry();
    expect(await claim()).toMatchObject([{ state: 'claimed' }]);
  });

  test('is one retry when it is asked for by several at once', async () => {
    await record(succeeded(await log.claim(id)));
    const results = await Promise.all(Array.from({ length: 5 }, retry));
    expect(results.filter((result) => result?.due)).toHaveLength(1);
    expect((await set('SELECT FROM pending_deliveries')).rowCount).toBe(1);
  });

  test.each([
    ['disabled', 'UPDATE webhooks SET enabled = false', 'disabled'],
    ['deleted', 'DELETE FROM webhooks', 'removed'],
  ])('changes nothing when its webhook is %s', async (_, change, webhook) => {
    await record(succeeded(await log.claim(id)));
    await set(change);
    const before = await log.delivery(id);
    expect(await retry()).toEqual({ webhook, due: null });
    expect(await log.delivery(id)).toEqual(before);
  });
});

describe('retrying a pending delivery', () => {
  test('that waits for its next attempt makes it due now, with its priority and the attempts that count', async () => {
    await record(refused(await log.claim(id), { status: 'pending', retryInMs: 3_600_000 }));
    expect(await retry()).toEqual(due(1));
    expect(await log.delivery(id)).toMatchObject({ stage: 'backoff', priority: 1, next_attempt_in: 0, wake_in: 15 });
    expect(await log.claim(id)).toMatchObject({ replay: false, attemptCount: 1, priorAttempts: 0 });
  });

  test.each([
    ['is admitted', "wake_at = now() + interval '10 s'"],
    ['is parked', "stage = 'parked', wake_at = NULL"],
    ['is due in backoff', "stage = 'backoff'"],
  ])('that %s changes nothing: it is due already', async (_, change) => {
    await set(`UPDATE pending_deliveries SET ${change}`);
    const before = await log.delivery(id);
    expect(await retry()).toEqual(unchanged);
    expect(await log.delivery(id)).toEqual(before);
  });

  test('that is parked with a time from a clock that was ahead makes it due, and leaves it in its line', async () => {
    await set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL, next_attempt_at = now() + interval '1 h'");
    expect(await retry()).toEqual(due(0));
    expect(await log.delivery(id)).toMatchObject({ stage: 'parked', next_attempt_in: 0, wake_in: null });
  });

  test('with a request under way changes nothing', async () => {
    await log.claim(id);
    const before = await log.delivery(id);
    expect(await retry()).toEqual(unchanged);
    expect(await log.delivery(id)).toEqual(before);
  });

  test('of an earlier generation begins it again, before it is ended', async () => {
    await disable();
    await enable();
    expect(await retry()).toEqual(due(2));
    expect(await endSuperseded(log.pool, [id])).toEqual({ cancelled: 0, skipped: 0 });
    expect(await claim()).toMatchObject([{ state: 'claimed', replay: true }]);
  });

  test('of an earlier generation with a request under way waits for that one', async () => {
    const { leaseToken } = await log.claim(id);
    await disable();
    await enable();
    expect(await retry()).toEqual(unchanged);
    expect(await log.delivery(id)).toMatchObject({ stage: 'admitted', again: true, ended: false, lease_token: leaseToken });
  });
});

describe('retrying a delivery that was cancelled with its request under way', () => {
  const cancel = async () => {
    await disable();
    await endSuperseded(log.pool, [id]);
    await enable();
  };

  test('makes no second request at the same time (I4): it is made when the first is recorded', async () => {
    const first = await log.claim(id);
    await cancel();
    expect(await retry()).toEqual(unchanged);
    expect(await log.delivery(id)).toMatchObject({
      status: 'pending',
      stage: 'admitted',
      again: true,
      ended: false,
      lease_token: first.leaseToken,
      finished: false,
    });
    expect(await claim()).toEqual([]);
    await record(succeeded(first));
    expect(await claim()).toMatchObject([{ state: 'claimed', replay: true, attemptCount: 1, priorAttempts: 1 }]);
  });

  test('makes it when the lease has expired, if the first is never recorded', async () => {
    await log.claim(id);
    await cancel();
    await retry();
    await log.pass(61);
    expect(await claim()).toMatchObject([{ state: 'claimed', replay: true, attemptCount: 0 }]);
  });

  test('makes it at once when the lease has expired already', async () => {
    const late = await log.claim(id);
    await cancel();
    await log.pass(61);
    expect(await retry()).toEqual(due(2));
    expect(await log.delivery(id)).toMatchObject({ stage: 'backoff', again: false });
    // The first one's worker comes back: it does not end the retry.
    expect((await record(succeeded(late))).held.size).toBe(0);
    expect(await claim()).toMatchObject([{ state: 'claimed' }]);
  });

  test('counts the request under way among those of its webhook', async () => {
    await log.clear();
    const [first = '', second = ''] = await log.addDeliveries(2, { maxInFlight: 1 });
    await log.claim(first);
    await disable();
    await endSuperseded(log.pool, [first]);
    await enable();
    await retryDelivery(log.pool, 'alice', first, 15_000);
    await retryDelivery(log.pool, 'alice', second, 15_000);
    const claims = await claimDeliveries(log.pool, [first, second], { leaseMs: 60_000, wakeAfterMs: 15_000 });
    expect(claims).toEqual([]);
    expect(await log.delivery(second)).toMatchObject({ stage: 'parked' });
  });

  test('is cancelled again when its webhook is disabled before', async () => {
    const first = await log.claim(id);
    await cancel();
    await retry();
    await disable();
    expect(await endSuperseded(log.pool, [id])).toEqual({ cancelled: 1, skipped: 0 });
    await record(answered(first, 500, { status: 'failed' }));
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', stage: null, attempt_count: 1 });
  });
});

test("another owner's delivery is not found, and not waited for, while it is changed (I7)", async () => {
  await log.whileHeld('SELECT FROM pending_deliveries FOR UPDATE', [], async () => {
    expect(await retryDelivery(log.pool, 'bob', id, 15_000)).toBeNull();
  });
});

test("another owner's delivery, or an unknown one, is not found (I7)", async () => {
  expect(await retryDelivery(log.pool, 'bob', id, 15_000)).toBeNull();
  expect(await retryDelivery(log.pool, 'alice', 'dlv_unknown', 15_000)).toBeNull();
});
