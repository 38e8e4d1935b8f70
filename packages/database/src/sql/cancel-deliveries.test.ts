import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { cancelDeliveries } from './cancel-deliveries.js';
import { claimDeliveries } from './claim-deliveries.js';
import { readBacklogged, releaseDeliveries } from './release-deliveries.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

describe('cancelling the deliveries of a webhook', () => {
  test('cancels pending ones, which are no longer claimed or woken', async () => {
    await log.addWebhook('removed', { maxInFlight: 1 });
    await log.accept({}, {});
    const ids = (await log.deliveries()).map(({ id }) => id);
    expect(await cancelDeliveries(log.pool, 'removed')).toBe(2);
    expect(await log.deliveries()).toMatchObject(
      ids.map((id) => ({ id, status: 'cancelled', stage: null, next_attempt_in: null, wake_in: null, finished: true })),
    );
    expect(await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 1000 })).toEqual([]);
    expect(await wakeDeliveries(log.pool, 60_000)).toEqual({ count: 0, admitted: [] });
    expect(await readBacklogged(log.pool)).toEqual([]);
  });

  test('leaves the deliveries of other webhooks alone', async () => {
    const other = await log.addDelivery();
    expect(await cancelDeliveries(log.pool, 'removed')).toBe(0);
    expect((await log.delivery(other)).status).toBe('pending');
  });

  test.each(['succeeded', 'failed', 'skipped'])('leaves a %s delivery alone', async (status) => {
    const id = await log.addDelivery('done');
    await log.pool.query(
      "UPDATE deliveries SET status = $1, finished_at = '2026-01-01', stage = NULL, next_attempt_at = NULL, wake_at = NULL",
      [status],
    );
    expect(await cancelDeliveries(log.pool, 'wh_done')).toBe(0);
    expect((await log.delivery(id)).status).toBe(status);
  });

  test('keeps the lease of a request in flight, so that its attempt can be recorded', async () => {
    const id = await log.addDelivery('under_way');
    const { leaseToken } = await log.claim(id);
    expect(await cancelDeliveries(log.pool, 'wh_under_way')).toBe(1);
    expect(await log.delivery(id)).toMatchObject({ status: 'cancelled', lease_token: leaseToken });
  });

  test('keeps the slot of a request in flight until its lease has expired', async () => {
    await log.addWebhook('one', { ordering: 'fifo' });
    await log.accept({ id: 'a' });
    const [first] = await log.deliveries();
    await log.claim(first?.id ?? '');
    await cancelDeliveries(log.pool, 'one');
    await log.accept({ id: 'b' });
    expect((await log.deliveries()).map(({ stage }) => stage)).toEqual(['admitted', 'parked']);
    await log.pool.query("UPDATE deliveries SET wake_at = now() - interval '1 s' WHERE event_id = 'a'");
    expect(await wakeDeliveries(log.pool, 60_000)).toEqual({ count: 1, admitted: [] });
    expect(await log.delivery(first?.id ?? '')).toMatchObject({
      status: 'cancelled',
      stage: null,
      lease_token: null,
      wake_in: null,
    });
    expect(await releaseDeliveries(log.pool, ['one'], 1000)).toHaveLength(1);
  });
});
