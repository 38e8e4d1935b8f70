import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { claimDeliveries, type Claim } from './claim-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const WAKE_AFTER_MS = 30_000;
const claim = (ids: readonly string[]) => claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: WAKE_AFTER_MS });
/** Claims like a worker: those that were locked again, until none is. */
const claimAll = async (attempt: () => Promise<Claim[]>): Promise<Claim[]> => {
  const claims = await attempt();
  const locked = claims.some(({ state }) => state === 'locked');
  return locked ? [...claims, ...(await claimAll(attempt))] : claims;
};
const claimed = (claims: readonly Claim[]) => claims.filter(({ state }) => state === 'claimed').map(({ id }) => id);
const set = (change: string) => log.pool.query(change);
/** Admits all deliveries, as if several reconcilers had released them, or they were admitted before their webhook changed. */
const admitAll = () => set("UPDATE pending_deliveries SET stage = 'admitted', wake_at = now() + interval '15 s'");
const parkAll = () => set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL");
/** Withdraws all leases. */
const release = (stage: 'admitted' | 'parked') =>
  log.pool.query(
    `UPDATE pending_deliveries SET stage = $1::delivery_stage, lease_token = NULL, leased_until = NULL,
       wake_at = CASE WHEN $1::delivery_stage = 'admitted' THEN now() + interval '15 s' END`,
    [stage],
  );
const webhookOf = async (id = '') =>
  (await log.pool.query<{ webhook_id: string }>('SELECT webhook_id FROM deliveries WHERE id = $1', [id])).rows[0]?.webhook_id ??
  '';
const nextOf = (webhookId: string, count: number, ids: readonly string[] = []) =>
  claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: WAKE_AFTER_MS, next: [{ webhookId, count }] });
const parked = { status: 'pending', stage: 'parked', attempt_count: 0, lease_token: null, wake_in: null, next_attempt_in: 0 };

describe('the requests of a webhook in flight', () => {
  test('are as many as it has slots, the first in the log; the others are parked', async () => {
    const ids = await log.addDeliveries(5, { maxInFlight: 3 });
    await admitAll();
    expect(claimed(await claim([...ids].reverse())).sort()).toEqual(ids.slice(0, 3).sort());
    for (const id of ids.slice(3)) expect(await log.delivery(id)).toMatchObject(parked);
    await admitAll();
    expect(await claim(ids.slice(3))).toEqual([]);
    for (const id of ids.slice(3)) expect(await log.delivery(id)).toMatchObject(parked);
  });

  test('are never more than its slots, however many workers claim at once', async () => {
    const ids = await log.addDeliveries(12, { maxInFlight: 4 });
    for (let round = 0; round < 60; round += 1) {
      await release('admitted');
      const shares = [0, 1, 2].map((share) => ids.filter((_, index) => index % 3 === share));
      const taken = (await Promise.all(shares.map((share) => claimAll(() => claim(share))))).flatMap(claimed);
      expect(taken).toHaveLength(4);
    }
  });

  test('use no slots of another webhook', async () => {
    const busy = await log.addDeliveries(3, { maxInFlight: 1 });
    const free = await log.addDeliveries(3, { maxInFlight: 3 });
    await admitAll();
    expect(claimed(await claim([...busy, ...free])).sort()).toEqual([busy[0], ...free].sort());
  });

  test.each([
    ['is pending', "stage = 'admitted'"],
    ['was cancelled', 'ended = true'],
    ['is to be attempted again', 'again = true, priority = 2, replay = true'],
    ['is of an earlier generation', 'generation = 0'],
    ['has a wake time of a minute ago', "wake_at = now() - interval '1 min'"],
  ])('include each one whose lease is live, also if its delivery %s', async (_, state) => {
    const [first = '', second = ''] = await log.addDeliveries(2, { maxInFlight: 1 });
    await admitAll();
    await log.claim(first);
    await log.pool.query(`UPDATE pending_deliveries SET ${state} WHERE delivery_id = $1`, [first]);
    expect(await claim([second])).toEqual([]);
    expect(await log.delivery(second)).toMatchObject(parked);
  });

  test('do not include an expired lease', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2, { maxInFlight: 1 });
    await log.claim(first);
    await log.pass(61);
    expect(claimed(await claim([second]))).toEqual([second]);
  });

  test('are first attempts, then retries, then replays', async () => {
    const ids = await log.addDeliveries(3, { maxInFlight: 1 });
    for (const [index, priority] of [2, 1, 0].entries()) {
      await log.pool.query(
        "UPDATE pending_deliveries SET priority = $2, stage = 'admitted', wake_at = now() + interval '15 s' WHERE delivery_id = $1",
        [ids[index], priority],
      );
    }
    expect(claimed(await claim(ids))).toEqual([ids[2]]);
  });
});

describe('a parked delivery', () => {
  test('is claimed in line, up to the requested number, besides named deliveries', async () => {
    const ids = await log.addDeliveries(6, { maxInFlight: 5 });
    await parkAll();
    await log.pool.query('UPDATE pending_deliveries SET priority = 1 WHERE delivery_id = $1', [ids[1]]);
    await log.pool.query("UPDATE pending_deliveries SET stage = 'admitted', wake_at = now() WHERE delivery_id = $1", [ids[2]]);
    expect(claimed(await nextOf(await webhookOf(ids[0]), 2, [ids[2] ?? ''])).sort()).toEqual([ids[0], ids[2], ids[3]].sort());
    expect(await log.delivery(ids[1] ?? '')).toMatchObject(parked);
    expect(claimed(await nextOf(await webhookOf(ids[0]), 2)).sort()).toEqual([ids[4], ids[5]].sort());
  });

  test('is never claimed beyond the slots, however many workers claim at once', async () => {
    const ids = await log.addDeliveries(12, { maxInFlight: 4 });
    const webhookId = await webhookOf(ids[0]);
    for (let round = 0; round < 40; round += 1) {
      await release('parked');
      const taken = (await Promise.all([1, 2, 3].map(() => claimAll(() => nextOf(webhookId, 3))))).flatMap(claimed);
      expect(taken).toHaveLength(4);
    }
  });

  test('of a fifo webhook is claimed only if it is first in line, and not while another one is in flight', async () => {
    const ids = await log.addDeliveries(3, { ordering: 'fifo' });
    await parkAll();
    const webhookId = await webhookOf(ids[0]);
    expect(claimed(await nextOf(webhookId, 2))).toEqual([ids[0]]);
    expect(await nextOf(webhookId, 2)).toEqual([]);
    for (const id of ids.slice(1)) expect(await log.delivery(id)).toMatchObject(parked);
  });

  test('is deferred by the rate limit, with its slot', async () => {
    const ids = await log.addDeliveries(2, { rateLimit: 2 });
    await parkAll();
    expect((await nextOf(await webhookOf(ids[0]), 2)).map(({ id, state }) => [id, state]).sort()).toEqual(
      [
        [ids[0], 'claimed'],
        [ids[1], 'deferred'],
      ].sort(),
    );
    expect(await log.delivery(ids[1] ?? '')).toMatchObject({ stage: 'admitted' });
  });
});

describe('a delivery that is named twice, because it has two jobs,', () => {
  test('is claimed once', async () => {
    const [id = ''] = await log.addDeliveries(1, { ordering: 'fifo' });
    expect(await claim([id, id])).toMatchObject([{ id, state: 'claimed', leaseToken: expect.any(String) }]);
    expect(await log.delivery(id)).toMatchObject({ stage: 'admitted', leased_for: 60 });
  });

  test('takes one slot', async () => {
    const [one = '', other = ''] = await log.addDeliveries(2, { maxInFlight: 2 });
    expect(claimed(await claim([one, one, other])).sort()).toEqual([one, other].sort());
  });
});

describe('a fifo webhook', () => {
  test('has one request in flight, the first in line', async () => {
    const ids = await log.addDeliveries(4, { ordering: 'fifo', maxInFlight: 10 });
    await admitAll();
    expect(await claim(ids.slice(1))).toEqual([]);
    await admitAll();
    expect(claimed(await claim(ids))).toEqual([ids[0]]);
    for (const id of ids.slice(1)) expect(await log.delivery(id)).toMatchObject(parked);
  });

  test.each([
    ['parked', "stage = 'parked', wake_at = NULL"],
    [
      'waits for its next attempt',
      "stage = 'backoff', priority = 1, next_attempt_at = now() + interval '1 h', wake_at = now() + interval '1 h'",
    ],
    ['is due again, and not yet woken', "stage = 'backoff', next_attempt_at = now(), wake_at = now()"],
    ['leased', "lease_token = gen_random_uuid(), leased_until = now() + interval '1 min'"],
    ['admitted, with a wake time that is long over', "wake_at = now() - interval '1 day'"],
  ])('waits for the first in line, which is %s', async (_, state) => {
    const [first = '', second = ''] = await log.addDeliveries(2, { ordering: 'fifo' });
    await admitAll();
    await log.pool.query(`UPDATE pending_deliveries SET ${state} WHERE delivery_id = $1`, [first]);
    expect(await claim([second])).toEqual([]);
    expect(await log.delivery(second)).toMatchObject(parked);
  });

  test('does not wait for a delivery that is over, or of an earlier generation', async () => {
    const [first = '', second = '', third = ''] = await log.addDeliveries(3, { ordering: 'fifo' });
    await admitAll();
    await log.pool.query('UPDATE pending_deliveries SET generation = 0 WHERE delivery_id = $1', [first]);
    await log.pool.query('UPDATE pending_deliveries SET ended = true WHERE delivery_id = $1', [second]);
    expect(claimed(await claim([third]))).toEqual([third]);
  });

  test('waits for the lease of a delivery that was cancelled', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2, { ordering: 'fifo' });
    await admitAll();
    await log.claim(first);
    await log.pool.query('UPDATE pending_deliveries SET ended = true WHERE delivery_id = $1', [first]);
    expect(await claim([second])).toEqual([]);
    await log.pass(61);
    await admitAll();
    expect(claimed(await claim([second]))).toEqual([second]);
  });

  describe('with an event that is still to be expanded', () => {
    const expanding = (position: string, fifoDone = false) =>
      log.pool.query(
        `INSERT INTO expansions (event_position, event_id, event_type, accepted_at, fifo_done)
         SELECT ${position}, 'many', 'sync.completed', now(), $1 FROM deliveries LIMIT 1`,
        [fifoDone],
      );
    let id: string;
    beforeEach(async () => {
      id = await log.addDelivery('fifo', { ordering: 'fifo' });
    });

    test('before a delivery does not send that one', async () => {
      await expanding('event_position - 1');
      expect(await claim([id])).toEqual([]);
      expect(await log.delivery(id)).toMatchObject(parked);
    });

    test('before a delivery sends it once the deliveries of fifo webhooks are written', async () => {
      await expanding('event_position - 1', true);
      expect(claimed(await claim([id]))).toEqual([id]);
    });

    test('behind a delivery sends it', async () => {
      await expanding('event_position + 1');
      expect(claimed(await claim([id]))).toEqual([id]);
    });

    test('is alone in this: an unordered webhook does not wait', async () => {
      const unordered = await log.addDelivery();
      await expanding('0');
      expect(claimed(await claim([id, unordered]))).toEqual([unordered]);
    });
  });

  describe('with a replay', () => {
    let first: string;
    let replay: string;
    let last: string;
    beforeEach(async () => {
      [replay = '', first = '', last = ''] = await log.addDeliveries(3, { ordering: 'fifo' });
      await admitAll();
      await log.pool.query('UPDATE pending_deliveries SET priority = 2, replay = true WHERE delivery_id = $1', [replay]);
    });

    test('sends it outside the line, when no request is under way', async () => {
      expect(claimed(await claim([replay]))).toEqual([replay]);
      expect(await claim([first])).toEqual([]);
    });

    test('sends the line before it', async () => {
      expect(claimed(await claim([replay, first, last]))).toEqual([first]);
    });

    test('that waits for its next attempt holds nobody', async () => {
      await log.pool.query(
        "UPDATE pending_deliveries SET stage = 'backoff', next_attempt_at = now() + interval '1 h' WHERE delivery_id = $1",
        [replay],
      );
      expect(claimed(await claim([first]))).toEqual([first]);
    });

    test('sends it while the first in line waits for its next attempt', async () => {
      await log.pool.query(
        "UPDATE pending_deliveries SET stage = 'backoff', next_attempt_at = now() + interval '1 h' WHERE delivery_id = $1",
        [first],
      );
      expect(claimed(await claim([replay, last]))).toEqual([replay]);
    });
  });

  test('never has two requests in flight, however many workers claim at once', async () => {
    const ids = await log.addDeliveries(6, { ordering: 'fifo' });
    for (let round = 0; round < 40; round += 1) {
      await release('admitted');
      const shares = [0, 1, 2].map((share) => ids.filter((_, index) => index % 3 === share));
      expect((await Promise.all(shares.map((share) => claimAll(() => claim(share))))).flatMap(claimed)).toEqual([ids[0]]);
    }
  });
});

describe('a webhook whose circuit is open', () => {
  test('has no request in flight before the probe is due', async () => {
    const ids = await log.addDeliveries(2);
    await set("UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now() + interval '30 s'");
    expect(await claim(ids)).toEqual([]);
    for (const id of ids) expect(await log.delivery(id)).toMatchObject(parked);
  });

  test('has exactly one probe when it is due, however many workers claim at once', async () => {
    const ids = await log.addDeliveries(6);
    for (let round = 0; round < 40; round += 1) {
      await release('admitted');
      await set("UPDATE webhooks SET circuit_opened_at = now() - interval '1 min', circuit_probe_at = now() - interval '1 s'");
      const shares = [0, 1, 2].map((share) => ids.filter((_, index) => index % 3 === share));
      expect((await Promise.all(shares.map((share) => claimAll(() => claim(share))))).flatMap(claimed)).toHaveLength(1);
    }
  });

  test('has no second probe while the first is in flight, and another one when its lease has expired', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2);
    await set('UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now()');
    await log.claim(first);
    expect(await claim([second])).toEqual([]);
    await log.pass(61);
    expect(claimed(await claim([second]))).toEqual([second]);
  });

  test('sends no probe while an earlier request is in flight', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2);
    await log.claim(first);
    await set('UPDATE webhooks SET circuit_opened_at = now(), circuit_probe_at = now()');
    expect(await claim([second])).toEqual([]);
  });

  test('does not wait longer than a probe can wait: a later time was written by a clock that was ahead', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2);
    await set(
      "UPDATE webhooks SET circuit_opened_at = now() + interval '10 years', circuit_probe_at = now() + interval '10 years'",
    );
    expect(claimed(await claim([first, second]))).toEqual([first]);
    await set("UPDATE webhooks SET circuit_probe_at = now() + interval '299 s'");
    await release('admitted');
    expect(await claim([second])).toEqual([]);
  });
});

describe('a webhook with a rate limit', () => {
  test('allows one at a time, and returns when each other one is due', async () => {
    const ids = await log.addDeliveries(4, { rateLimit: 2 });
    const claims = await claim(ids);
    expect(claimed(claims)).toEqual([ids[0]]);
    // The webhook was idle, so the first one came 100 ms before its time.
    const due = ids.slice(1).map((id) => claims.find((one) => one.id === id));
    const webhookId = claims[0]?.webhookId;
    expect(due).toEqual([
      { state: 'deferred', id: ids[1], webhookId, dueInMs: 400 },
      { state: 'deferred', id: ids[2], webhookId, dueInMs: 900 },
      { state: 'deferred', id: ids[3], webhookId, dueInMs: 1400 },
    ]);
    expect(await log.delivery(ids[3] ?? '')).toMatchObject({
      status: 'pending',
      stage: 'admitted',
      attempt_count: 0,
      lease_token: null,
      wake_in: 30,
    });
  });

  test('allows no more than its rate and a burst of a tenth of a second, however long it was idle', async () => {
    const rateLimit = 50;
    const ids = await log.addDeliveries(100, { rateLimit, maxInFlight: 1000 });
    const started = performance.now();
    let sent = 0;
    for (let round = 0; round < 20; round += 1) {
      const shares = [0, 1].map((share) => ids.filter((_, index) => index % 2 === share));
      sent += (await Promise.all(shares.map((share) => claimAll(() => claim(share))))).flatMap(claimed).length;
      const allowed = (rateLimit * (performance.now() - started)) / 1000 + 0.1 * rateLimit + 1;
      expect(sent).toBeLessThanOrEqual(allowed);
    }
    expect(sent).toBeGreaterThanOrEqual(6);
  });

  test('allows a deferred delivery when its time has come', async () => {
    const ids = await log.addDeliveries(7, { rateLimit: 2 });
    expect(claimed(await claim(ids))).toHaveLength(1);
    await log.pass(0.5);
    expect(claimed(await claim(ids))).toEqual([ids[1]]);
    await log.pass(3600);
    expect(claimed(await claim(ids.slice(2)))).toEqual([ids[2]]);
  });

  test('consumes no permit for a delivery without a slot', async () => {
    const ids = await log.addDeliveries(3, { rateLimit: 1000, maxInFlight: 1 });
    await admitAll();
    expect(claimed(await claim(ids))).toEqual([ids[0]]);
    for (const id of ids.slice(1)) expect(await log.delivery(id)).toMatchObject(parked);
  });

  test('keeps to its rate when a clock that was ahead has left a time of ten years later', async () => {
    const ids = await log.addDeliveries(3, { rateLimit: 2, maxInFlight: 4 });
    await set("UPDATE webhooks SET rate_next_at = now() + interval '10 years'");
    // It counts as now: were it bounded, each later claim would be deferred as long again.
    expect((await claim(ids)).map((one) => (one.state === 'deferred' ? one.dueInMs : one.state))).toEqual(['claimed', 500, 1000]);
    await log.pass(0.5);
    expect(claimed(await claim(ids))).toEqual([ids[1]]);
  });
});
