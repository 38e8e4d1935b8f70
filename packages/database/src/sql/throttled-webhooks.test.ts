import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answered, HEALTH, refused, succeeded, throttled } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { admitOf } from './admit-next.js';
import { claimDeliveries, type ClaimedDelivery } from './claim-deliveries.js';
import { recordAttempts, type AttemptRecord } from './record-attempts.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const CLAIM = { leaseMs: 60_000, wakeAfterMs: 15_000 };
const FAILED = { status: 'failed' } as const;
const record = (...records: AttemptRecord[]) => recordAttempts(log.pool, records, { wakeAfterMs: 15_000, health: HEALTH });
/** Claims these deliveries, and parked ones of the webhook, and returns those that were claimed. */
const claim = async (ids: readonly string[], next = 0): Promise<ClaimedDelivery[]> => {
  const { rows } = await log.pool.query<{ id: string }>('SELECT id FROM webhooks');
  const claims = await claimDeliveries(log.pool, ids, { ...CLAIM, next: rows.map(({ id }) => ({ webhookId: id, count: next })) });
  return claims.filter((one) => one.state === 'claimed');
};

interface Flow {
  /** Seconds until the hold ends, to a tenth; null: the webhook is not held. */
  held_for: number | null;
  learned_rate: number | null;
  slow_downs: number;
}
const flow = async (): Promise<Flow | undefined> => {
  const { rows } = await log.pool.query<Flow>(`
    SELECT round(extract(epoch FROM throttled_until - slowed_at) * 10)::float8 / 10 AS held_for, learned_rate, slow_downs FROM webhooks`);
  return rows[0];
};
/** Ends the hold. */
const endHold = () => log.pool.query("UPDATE webhooks SET throttled_until = now() - interval '1 ms'");
/** Forgets the pace, so that only slots and holds bound the claims. */
const forgetRate = () => log.pool.query('UPDATE webhooks SET learned_rate = NULL, rate_next_at = NULL');

describe('a receiver that asks to slow down', () => {
  test('holds its webhook: nothing is claimed or admitted before the time that it named', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    const [first] = await claim(ids.slice(0, 1));
    if (!first) throw new Error('It was not claimed.');
    const { slowed } = await record(throttled(first, 30_000));
    expect(await flow()).toMatchObject({ held_for: 30 });
    expect(slowed).toMatchObject([{ webhookId: first.webhookId, requestsPerSecond: 1 }]);
    expect(await claim(ids, 4)).toEqual([]);
    expect(await admitOf(log.pool, [first.webhookId], 15_000)).toEqual([]);
    expect(new Set((await log.deliveries()).map(({ stage }) => stage))).toEqual(new Set(['parked']));
  });

  test('gets one probe then, and no more before it has answered', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 3 });
    const [first] = await claim(ids.slice(0, 1));
    if (!first) throw new Error('It was not claimed.');
    await record(throttled(first, 30_000));
    await endHold();
    await forgetRate();
    const [probe, ...more] = await claim(ids, 4);
    if (!probe) throw new Error('There was no probe.');
    expect(more).toEqual([]);
    expect(await claim(ids, 4)).toEqual([]);
    await record(refused(probe, { status: 'pending', retryInMs: 60_000 }));
    const [second, ...others] = await claim(ids, 4);
    if (!second) throw new Error('There was no second probe.');
    expect(others).toEqual([]);
    await record(succeeded(second));
    await forgetRate();
    expect(await claim([], 4)).toHaveLength(2);
  });

  test('keeps its delivery in its place, pending and due, and uses up none of its attempts', async () => {
    const [id = ''] = await log.addDeliveries(2, { maxInFlight: 1 });
    const [first] = await claim([id]);
    if (!first) throw new Error('It was not claimed.');
    const { held } = await record(throttled(first, 2000));
    expect(held.get(first.leaseToken)?.heldForMs).toBeGreaterThan(1500);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', stage: 'parked', priority: 0, next_attempt_in: 0 });
    await endHold();
    const [again] = await claim([], 1);
    expect(again).toMatchObject({ id, attemptCount: 1, priorAttempts: 1 });
    expect(again?.firstAttemptAgoMs).toBeGreaterThanOrEqual(0);
    const { rows } = await log.pool.query('SELECT number, status_code, error_class, counted FROM attempts');
    expect(rows).toEqual([{ number: 1, status_code: 429, error_class: 'throttled', counted: false }]);
  });

  test('is failing, as long as it takes nothing', async () => {
    const [id = ''] = await log.addDeliveries(1);
    const [first] = await claim([id]);
    if (!first) throw new Error('It was not claimed.');
    await record(throttled(first, null));
    expect(await log.health(first.webhookId)).toMatchObject({ failing_ago: 0, unreachable_count: 0 });
  });

  test('delays no other webhook', async () => {
    const held = await log.addDeliveries(3);
    const others = await log.addDeliveries(3);
    const [first] = await claim(held.slice(0, 1));
    if (!first) throw new Error('It was not claimed.');
    await record(throttled(first, 30_000));
    expect(await claim([...held, ...others])).toHaveLength(3);
  });
});

describe('a hold', () => {
  /** Lets the receiver answer each probe with 429, and returns how long each hold was, in seconds. */
  const holds = async (asked: readonly (number | null)[], jitter = 0) => {
    const ids = await log.addDeliveries(1);
    const lengths: unknown[] = [];
    for (const askedMs of asked) {
      const [probe] = await claim(ids);
      if (!probe) throw new Error('There was no probe.');
      await record(throttled(probe, askedMs, jitter));
      lengths.push((await flow())?.held_for);
      await endHold();
      await log.pool.query('UPDATE webhooks SET rate_next_at = NULL');
    }
    return lengths;
  };

  test('grows from one second to five minutes while the receiver names no time', async () => {
    expect(await holds(Array(11).fill(null))).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  test('does not end before the time that the receiver named, and lasts an hour at most', async () => {
    expect(await holds([5000, 1500, 7_200_000, 2000])).toEqual([5, 1.5, 3600, 2]);
  });

  test('is not shorter for a time of 0, in the past, or of less than was reached', async () => {
    expect(await holds([0, -5000, null, 0, 1, 2000, 20_000])).toEqual([1, 2, 4, 8, 8, 8, 20]);
    await log.clear();
    expect(await holds([1, 1, 250])).toEqual([1, 1, 1]);
  });

  test('is longer by a random part, so that the webhooks of a receiver do not come back together', async () => {
    expect(await holds([10_000, null, 3_600_000], 1)).toEqual([11, 1.1, 3600]);
  });

  test('begins anew after an answer', async () => {
    expect(await holds([null, null, null])).toEqual([1, 2, 4]);
    const [probe] = await claim([], 1);
    if (!probe) throw new Error('There was no probe.');
    await record(answered(probe, 500, { status: 'pending', retryInMs: 0 }));
    expect(await flow()).toMatchObject({ held_for: null });
    await log.pool.query('UPDATE webhooks SET rate_next_at = NULL');
    const [next] = await claim([probe.id]);
    if (!next) throw new Error('It was not claimed.');
    await record(throttled(next, null));
    expect(await flow()).toMatchObject({ held_for: 1 });
  });

  test('is one, however many requests were under way, in one commit or in several', async () => {
    const ids = await log.addDeliveries(6);
    const [one, two, three, ...late] = await claim(ids);
    if (!one || !two || !three) throw new Error('They were not claimed.');
    await record(throttled(one, null), throttled(two, null), throttled(three, null));
    for (const answer of late) await record(throttled(answer, null));
    expect(await flow()).toEqual({ held_for: 1, learned_rate: 1, slow_downs: 1 });
  });

  test('is longer when a late answer names a later time, and neither shorter nor over by other answers to requests under way', async () => {
    const ids = await log.addDeliveries(4);
    const [one, two, three, four] = await claim(ids);
    if (!one || !two || !three || !four) throw new Error('They were not claimed.');
    await record(throttled(one, 2000));
    await record(throttled(two, 60_000));
    await record(succeeded(three));
    await record(throttled(four, 5000));
    expect((await flow())?.held_for).toBeGreaterThanOrEqual(60);
  });

  test('of a time that a late answer names begins after the probe as well', async () => {
    const ids = await log.addDeliveries(4, { maxInFlight: 3 });
    const [slow, one, two] = await claim(ids.slice(0, 3));
    if (!slow || !one || !two) throw new Error('They were not claimed.');
    await record(throttled(one, 2000));
    await record(succeeded(two));
    await endHold();
    await log.pool.query('UPDATE pending_deliveries SET lease_token = NULL WHERE lease_token IS NOT NULL AND delivery_id <> $1', [
      slow.id,
    ]);
    await record(throttled(slow, 60_000));
    expect((await flow())?.held_for).toBeGreaterThanOrEqual(60);
    expect(await claim(ids, 4)).toEqual([]);
  });

  test('that only a clock that was ahead can have written does not count', async () => {
    const ids = await log.addDeliveries(1);
    await log.pool.query("UPDATE webhooks SET throttled_until = now() + interval '62 min'");
    expect(await claim(ids)).toHaveLength(1);
  });

  test('of an hour is followed by the rate that was learned, not by all slots at once', async () => {
    const ids = await log.addDeliveries(10, { maxInFlight: 5 });
    const [first] = await claim(ids.slice(0, 1));
    if (!first) throw new Error('It was not claimed.');
    await record(throttled(first, 3_600_000));
    await log.pool.query("UPDATE webhooks SET throttled_until = now(), slowed_at = slowed_at - interval '1 h'");
    const [probe] = await claim([], 1);
    if (!probe) throw new Error('The probe was not claimed.');
    await record(succeeded(probe));
    const { rows } = await log.pool.query<{ rate: number | null }>('SELECT rate_of(webhooks, now()) AS rate FROM webhooks');
    expect(rows[0]?.rate).toBeLessThan(2);
  });

  test('is not caused by the answer of an earlier URL', async () => {
    const [first] = await claim(await log.addDeliveries(1));
    if (!first) throw new Error('It was not claimed.');
    await log.pool.query("UPDATE webhooks SET url = 'https://example.com/other'");
    const { held } = await record(throttled(first, 60_000));
    expect(held.get(first.leaseToken)).toMatchObject({ heldForMs: null });
    expect(await flow()).toMatchObject({ held_for: null });
    expect(await claim([], 1)).toHaveLength(1);
  });
});

describe('the request rate of a webhook', () => {
  /** Sets the learned rate. */
  const learn = (rate: number, from: number | null = null) =>
    log.pool.query('UPDATE webhooks SET learned_rate = $1, learned_from = $2, slowed_at = now()', [rate, from]);
  const rate = async () => (await flow())?.learned_rate;
  /** Claims one delivery of the webhook, whatever the pace allows. */
  const claimOne = async () => {
    await log.pool.query('UPDATE webhooks SET rate_next_at = NULL');
    const [claimed] = await claim([], 1);
    if (!claimed) throw new Error('It was not claimed.');
    return claimed;
  };

  test('is learned from the first refusal, and paces the claims: the others are deferred', async () => {
    const ids = await log.addDeliveries(5);
    const [first, ...rest] = ids;
    const [one] = await claim([first ?? '']);
    if (!one) throw new Error('It was not claimed.');
    await record(throttled(one, 1000));
    await endHold();
    const [probe] = await claim([first ?? '']);
    if (!probe) throw new Error('There was no probe.');
    await record(succeeded(probe));
    const claims = await claimDeliveries(log.pool, rest, CLAIM);
    expect(claims.map(({ state }) => state)).toEqual(['deferred', 'deferred', 'deferred', 'deferred']);
    const due = claims.flatMap((claimed) => (claimed.state === 'deferred' ? claimed.dueInMs : []));
    // One request a second. A slow machine has waited for some of it already.
    expect((due[3] ?? 0) - (due[0] ?? 0)).toBe(3000);
  });

  test('is half of what was refused, and not halved again by a refused probe', async () => {
    await log.addDeliveries(5, { maxInFlight: 1 });
    await log.pool.query("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
    await learn(8);
    await record(throttled(await claimOne(), 1000));
    // The claim raised it from 8 to 8.5.
    expect(await rate()).toBe(4.25);
    await endHold();
    await record(throttled(await claimOne(), 1000));
    expect(await rate()).toBe(4.25);
  });

  test('grows slowly up to where it was refused, and faster before the first refusal and far beyond the last one', async () => {
    await log.addDeliveries(5);
    await log.pool.query("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
    for (const [before, from, after] of [
      [4, 10, 4.2],
      [10, 10, 10.1],
      [1, null, 1.5],
      [0.5, null, 0.75],
      [21, 10, 21.5],
    ] as const) {
      await learn(before, from);
      const { id } = await claimOne();
      expect(await rate()).toBeCloseTo(after, 6);
      await log.pool.query('DELETE FROM pending_deliveries WHERE delivery_id = $1', [id]);
    }
  });

  test.each([502, 503, 504])(
    'is lower after a %i as well, once for all requests that were under way, without a hold',
    async (status) => {
      const ids = await log.addDeliveries(4, { maxInFlight: 4 });
      const [one, two, ...late] = await claim(ids);
      if (!one || !two) throw new Error('They were not claimed.');
      const again = { status: 'pending', retryInMs: 0 } as const;
      await record(answered(one, status, again), answered(two, status, again));
      for (const answer of late) await record(answered(answer, status, again));
      expect(await flow()).toEqual({ held_for: null, learned_rate: 4, slow_downs: 1 });
      await log.pool.query("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
      await record(answered(await claimOne(), status, FAILED));
      expect(await rate()).toBe(2.25);
      await learn(1);
      await record(answered(await claimOne(), status, FAILED));
      // Not below one request a second.
      expect(await rate()).toBe(1);
    },
  );

  test('is the rate limit of its owner, where that is less', async () => {
    await log.addDeliveries(1, { rateLimit: 1 });
    const rateOf = async () =>
      (await log.pool.query<{ rate: number }>('SELECT rate_of(webhooks, now()) AS rate FROM webhooks')).rows[0]?.rate;
    expect(await rateOf()).toBe(1);
    await learn(0.5);
    expect(await rateOf()).toBe(0.5);
    await learn(20);
    expect(await rateOf()).toBe(1);
  });

  test('is forgotten an hour after the last slow-down', async () => {
    const ids = await log.addDeliveries(8);
    await learn(0.1);
    await log.pool.query("UPDATE webhooks SET slowed_at = now() - interval '61 min'");
    expect(await claim(ids)).toHaveLength(8);
  });

  test('does not let a request go early when the rate has grown, also with one request in flight', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2, { maxInFlight: 1 });
    await learn(0.5);
    const [one] = await claim([first]);
    if (!one) throw new Error('It was not claimed.');
    await record(succeeded(one));
    await log.pool.query("UPDATE pending_deliveries SET stage = 'admitted'");
    const [deferred] = await claimDeliveries(log.pool, [second], CLAIM);
    expect(deferred).toMatchObject({ state: 'deferred' });
  });
});
