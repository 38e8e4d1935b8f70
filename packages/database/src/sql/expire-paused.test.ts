import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { markExpiring, readExpiring, skipExpired } from './expire-paused.js';
import { replayDeliveries } from './replay-deliveries.js';
import { replayWithMissing } from './replay-missing.js';
import { retryDelivery } from './retry-delivery.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

/** Events are kept for ten days, and owners are notified two days before. */
const RULES = { retentionDays: 10, noticeHours: 48 };
const START = { period: '', webhookId: '' };

const set = (change: string, values: unknown[] = []) => log.pool.query(change, values);
/** Lets the log have a period that ended so many days ago, and a present one. */
const endPeriod = (daysAgo: number) =>
  set(`UPDATE partitions SET ends_at = now() - interval '${String(daysAgo)} days' WHERE name = 'first'`);
const pause = (column = 'owner_paused_at') => set(`UPDATE webhooks SET ${column} = now() - interval '12 days'`);
const expiring = async () => (await readExpiring(log.pool, '', RULES)).expiring;
const notify = async (hoursAgo: number) => {
  for (const one of await expiring()) await markExpiring(log.pool, one);
  await set('UPDATE expiry_notices SET notified_at = now() - make_interval(hours => $1)', [hoursAgo]);
};
const skip = () => skipExpired(log.pool, START, RULES);
const statuses = async () => (await log.deliveries()).map(({ status }) => status);

beforeEach(async () => {
  await log.clear();
  await log.addWebhook('wh_one');
  await log.accept({ id: 'a' }, { id: 'b' });
  await set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL, created_at = now() - interval '11 days'");
  await endPeriod(10.5);
});

describe('deliveries of a paused webhook that are about to outlive the retention time', () => {
  test.each([
    ['owner_paused_at', 'owner'],
    ['paused_at', 'operator'],
  ])('are read with what their owner is told: %s', async (column, by) => {
    await endPeriod(9);
    await pause(column);
    const [found, ...others] = await expiring();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ webhookId: 'wh_one', owner: 'alice', pausedBy: [by], period: 'first', count: 2 });
    // At least as long after the notice as is promised.
    expect(Number(found?.skippedAfter) - Date.now()).toBeGreaterThan(47 * 3_600_000);
  });

  test('are read again only for another pause', async () => {
    await pause();
    await notify(0);
    expect(await expiring()).toEqual([]);
    await set('UPDATE webhooks SET owner_paused_at = NULL');
    expect((await set('SELECT FROM expiry_notices')).rowCount).toBe(0);
    await pause();
    expect(await expiring()).toHaveLength(1);
  });

  test('are the same occasion when an interrupted round is repeated, and another one in another pause', async () => {
    await pause();
    const occasions = [await expiring(), await expiring()].map(([one]) => one?.occasion);
    expect(occasions[0]).toBe(occasions[1]);
    await set("UPDATE webhooks SET owner_paused_at = now() - interval '11 days'");
    expect((await expiring())[0]?.occasion).not.toBe(occasions[0]);
  });

  test('are not looked for before the start of the line', async () => {
    await pause();
    await set("INSERT INTO line_starts VALUES ('wh_one', 9223372036854775807)");
    expect(await expiring()).toEqual([]);
  });

  test('are not noted as read while a resume is being written', async () => {
    await pause();
    const [one] = await expiring();
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    await holder.query('UPDATE webhooks SET owner_paused_at = NULL');
    const marked = markExpiring(log.pool, one ?? { webhookId: '', period: '' });
    await log.lockWaits(1);
    await holder.query('COMMIT');
    holder.release();
    await marked;
    expect((await set('SELECT FROM expiry_notices')).rowCount).toBe(0);
  });

  const filter = { webhookId: 'wh_one', since: new Date(0), until: null, statuses: ['skipped'] as const, types: null };
  const again: [string, () => Promise<unknown>][] = [
    [
      'replay',
      async () => {
        for (const chunk of await planReplay(log.pool, filter)) await replayDeliveries(log.pool, filter, chunk, 100);
      },
    ],
    [
      'replay with missing events',
      () =>
        replayWithMissing(
          log.pool,
          { ...filter, patterns: ['sync.completed'] },
          { after: '0', through: '9223372036854775807' },
          100,
        ),
    ],
    ['retry', async () => retryDelivery(log.pool, 'alice', (await log.deliveries())[0]?.id ?? '', 15_000)],
  ];
  test.each(again)('are read again, as another occasion, after a %s of what was skipped', async (_, begin) => {
    await pause();
    const [first] = await expiring();
    await notify(49);
    expect(await skip()).toMatchObject({ skipped: 2 });
    await begin();
    await set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL, created_at = now() - interval '11 days'");
    expect(await skip()).toBeNull();
    const [second] = await expiring();
    expect(second).toMatchObject({ webhookId: 'wh_one' });
    expect(second?.occasion).not.toBe(first?.occasion);
  });

  test.each([
    ['the webhook is not paused', 'SELECT'],
    ['it is disabled', 'UPDATE webhooks SET owner_paused_at = now(), enabled = false'],
    [
      'the period ends later',
      "UPDATE partitions SET ends_at = now() - interval '7 days'; UPDATE webhooks SET owner_paused_at = now()",
    ],
    ['nothing waits', 'UPDATE webhooks SET owner_paused_at = now(); DELETE FROM pending_deliveries'],
  ])('are not read when %s', async (_, change) => {
    await set(change);
    expect(await expiring()).toEqual([]);
  });

  test('are read page by page', async () => {
    await pause();
    await set(`INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, paused_at)
      SELECT 'wh_a' || lpad(n::text, 4, '0'), 'bob', 'https://example.com', '{*}', '', now() FROM generate_series(1, 500) AS n`);
    const first = await readExpiring(log.pool, '', RULES);
    expect(first).toEqual({ expiring: [], cursor: 'wh_a0500' });
    expect(await readExpiring(log.pool, first.cursor ?? '', RULES)).toMatchObject({
      expiring: [{ webhookId: 'wh_one' }],
      cursor: null,
    });
  });
});

describe('deliveries that have outlived the retention time', () => {
  test('are skipped when their owner was notified long enough before', async () => {
    await pause();
    await notify(49);
    expect(await skip()).toEqual({ webhookId: 'wh_one', period: 'first', skipped: 2, more: false });
    expect(await statuses()).toEqual(['skipped', 'skipped']);
    expect((await set('SELECT FROM pending_deliveries')).rowCount).toBe(0);
  });

  test('wait when the notice is younger, or was not given', async () => {
    await pause();
    expect(await skip()).toBeNull();
    await notify(47);
    expect(await skip()).toBeNull();
    expect(await statuses()).toEqual(['pending', 'pending']);
  });

  test('wait when the webhook was resumed', async () => {
    await pause();
    await notify(49);
    await set('UPDATE webhooks SET owner_paused_at = NULL');
    expect(await skip()).toBeNull();
  });

  test('wait until their period has ended for as long', async () => {
    await endPeriod(9.5);
    await pause();
    await notify(49);
    expect(await skip()).toBeNull();
  });

  test('leave those of later periods', async () => {
    await pause();
    await notify(49);
    await set(
      'UPDATE pending_deliveries SET created_at = now() WHERE delivery_id = (SELECT max(delivery_id) FROM pending_deliveries)',
    );
    expect(await skip()).toMatchObject({ skipped: 1 });
    expect((await statuses()).sort()).toEqual(['pending', 'skipped']);
  });

  test('wait for a resume that is being written, and are not skipped after it', async () => {
    await pause();
    await notify(49);
    await log.whileHeld('UPDATE webhooks SET owner_paused_at = NULL', [], async () => {
      expect(await skip()).toBeNull();
    });
  });
});
