import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { markExpiring, readExpiring, skipExpired } from './expire-deliveries.js';
import { setDeliveryPause } from './pause.js';
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
  await set(`
    WITH event AS (
      UPDATE events SET accepted_at = now() - interval '11 days'
    ), aged AS (
      SELECT id, new_delivery_id(now() - interval '11 days') AS old_id FROM deliveries
    ), logged AS (
      UPDATE deliveries SET id = old_id, created_at = now() - interval '11 days' FROM aged WHERE deliveries.id = aged.id
    )
    UPDATE pending_deliveries SET delivery_id = old_id, stage = 'parked', wake_at = NULL, created_at = now() - interval '11 days'
    FROM aged WHERE delivery_id = aged.id`);
  await endPeriod(10.5);
});

describe('parked deliveries that are about to outlive the retention time', () => {
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
    const marked = markExpiring(log.pool, one ?? { webhookId: '', period: '', pausedBy: ['owner'] });
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
  test.each(again.flatMap(([name, begin]) => [true, false].map((isPaused) => ({ name, begin, isPaused }))))(
    'are read again, as another occasion, after a $name of what was skipped (paused: $isPaused)',
    async ({ begin, isPaused }) => {
      if (isPaused) await pause();
      const [first] = await expiring();
      await notify(49);
      expect(await skip()).toMatchObject({ skipped: 2 });
      await begin();
      await set("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL, created_at = now() - interval '11 days'");
      expect(await skip()).toBeNull();
      const [second] = await expiring();
      expect(second).toMatchObject({ webhookId: 'wh_one' });
      expect(second?.occasion).not.toBe(first?.occasion);
    },
  );

  test.each([
    ['the webhook is not paused, and they have not outlived it yet', "UPDATE partitions SET ends_at = now() - interval '9 days'"],
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

  test.each([
    ['throttled', "throttled_until = now() + interval '1 min'"],
    ['slower than its events', "rate_limit = 1, rate_next_at = now() + interval '1 s'"],
    ['busy', 'max_in_flight = 0'],
    ['unreachable', "circuit_opened_at = now(), circuit_probe_at = now() + interval '1 min'"],
  ])('are read when they have outlived it, though the webhook is only %s', async (_, change) => {
    await set(`UPDATE webhooks SET ${change}`);
    expect(await expiring()).toMatchObject([{ webhookId: 'wh_one', pausedBy: [], period: 'first', count: 2 }]);
  });

  test('are read while an operator has paused all deliveries', async () => {
    await setDeliveryPause(log.pool, true, 'olga');
    expect(await expiring()).toMatchObject([{ webhookId: 'wh_one', pausedBy: ['operator'] }]);
    await notify(49);
    expect(await skip()).toMatchObject({ skipped: 2 });
    await setDeliveryPause(log.pool, false, 'olga');
  });

  test('are read page by page', async () => {
    await pause();
    await set(`
      WITH webhook AS (
        INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, paused_at)
        SELECT 'wh_a' || lpad(n::text, 4, '0'), 'bob', 'https://example.com', '{*}', '', now() FROM generate_series(1, 500) AS n RETURNING id
      )
      INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
      SELECT new_delivery_id(now()), id, 1, 1, now(), 'parked', now() FROM webhook`);
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

  test('are skipped when the webhook is not paused, but did not deliver them for as long', async () => {
    await notify(49);
    expect(await skip()).toEqual({ webhookId: 'wh_one', period: 'first', skipped: 2, more: false });
    expect(await statuses()).toEqual(['skipped', 'skipped']);
  });

  test('wait while their next attempt is due or a request is under way', async () => {
    await notify(49);
    await set("UPDATE pending_deliveries SET stage = 'backoff', wake_at = now()");
    expect(await skip()).toMatchObject({ skipped: 0, more: false });
    expect(await statuses()).toEqual(['pending', 'pending']);
  });

  test('keep their period until they are skipped, and no longer', async () => {
    const isKept = async () =>
      (await set("SELECT has_pending(partitions) AS kept FROM partitions WHERE name = 'first'")).rows as { kept: boolean }[];
    await notify(49);
    expect(await isKept()).toEqual([{ kept: true }]);
    await skip();
    expect(await isKept()).toEqual([{ kept: false }]);
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
