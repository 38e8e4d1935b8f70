import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, WAKE_AFTER_S, type TestLog } from '../../test/log.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const wake = async (limit = 100) => (await wakeDeliveries(log.pool, limit, 30_000)).map(({ id }) => id);
/** Deliveries whose wake time is this many seconds ago. */
const addOverdue = async (...secondsAgo: number[]) => {
  const ids: string[] = [];
  for (const seconds of secondsAgo) {
    const id = await log.addDelivery();
    await log.pool.query('UPDATE deliveries SET wake_at = now() - make_interval(secs => $2) WHERE id = $1', [id, seconds]);
    ids.push(id);
  }
  return ids;
};

describe('waking deliveries', () => {
  test('takes those whose wake time has passed, and no others', async () => {
    const early = await log.addDelivery();
    const overdue = await addOverdue(0, 1, 3600);
    expect((await wake()).sort()).toEqual([...overdue].sort());
    expect(await log.delivery(early)).toMatchObject({ wake_in: WAKE_AFTER_S });
  });

  test('says how many attempts were made, so that the queue can go on from there', async () => {
    const [id] = await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET attempt_count = 2');
    expect(await wakeDeliveries(log.pool, 100, 30_000)).toEqual([{ id, attemptCount: 2 }]);
  });

  test('puts the next look off, so that nobody wakes them again meanwhile, and somebody does later (I2)', async () => {
    const [id = ''] = await addOverdue(1);
    expect(await wake()).toEqual([id]);
    expect(await log.delivery(id)).toMatchObject({ status: 'pending', wake_in: 30 });
    expect(await wake()).toEqual([]);
    await log.pool.query("UPDATE deliveries SET wake_at = wake_at - interval '30 s'");
    expect(await wake()).toEqual([id]);
  });

  test('takes a batch at a time, the longest overdue first', async () => {
    const [third, first, second] = await addOverdue(10, 30, 20);
    expect((await wake(2)).sort()).toEqual([first, second].sort());
    expect(await wake(2)).toEqual([third]);
    expect(await wake(2)).toEqual([]);
  });

  test('is shared by those who do it at once: each delivery goes to one of them', async () => {
    const overdue = await addOverdue(...Array.from({ length: 30 }, (_, index) => index));
    const shares = await Promise.all(Array.from({ length: 5 }, () => wake(10)));
    expect(shares.flat()).toHaveLength(new Set(shares.flat()).size);
    expect([...shares.flat(), ...(await wake())].sort()).toEqual([...overdue].sort());
  });

  test('waits for nobody who holds a row', async () => {
    const [held, free] = await addOverdue(2, 1);
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [held]);
    expect(await wake()).toEqual([free]);
    await holder.query('ROLLBACK');
    holder.release();
  });

  test('withdraws a lease that ran out (I3), and lets another worker claim', async () => {
    const id = await log.addDelivery();
    const lost = await log.claim(id);
    expect(await wake()).toEqual([]);
    await log.pool.query('UPDATE deliveries SET wake_at = now()');
    expect(await wake()).toEqual([id]);
    expect((await log.delivery(id)).lease_token).toBeNull();
    expect((await log.claim(id)).leaseToken).not.toBe(lost.leaseToken);
  });

  test.each(['succeeded', 'failed', 'cancelled'])('leaves alone what has %s', async (status) => {
    await addOverdue(1);
    await log.pool.query('UPDATE deliveries SET status = $1', [status]);
    expect(await wake()).toEqual([]);
  });
});
