import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { addActivity, dropActivity, readMinutes, readOwnersByLoad } from './activity.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(async () => {
  await log.clear();
  await log.pool.query('TRUNCATE activity_minutes, activity_owners');
});

const thisMinute = () => new Date(Math.floor(Date.now() / 60_000) * 60_000);
const minutesAgo = (minutes: number) => new Date(thisMinute().getTime() - minutes * 60_000);
const owners = (owner: string, attempts: number, failed = 0, ago = 3) => [
  { period: minutesAgo(ago), owner, attempts, failed, busyMs: 10.4 * attempts },
];

test('adds the counts of several workers, class by class', async () => {
  const minute = minutesAgo(1);
  const counted = { minute, outcome: 'succeeded', attempts: 3, durations: [1, 0, 2] };
  await addActivity(log.pool, { minutes: [counted], owners: [] });
  await Promise.all([
    addActivity(log.pool, { minutes: [counted], owners: [] }),
    addActivity(log.pool, { minutes: [counted], owners: [] }),
  ]);
  expect(await readMinutes(log.pool, 60)).toEqual([{ minute, outcome: 'succeeded', attempts: 9, durations: [3, 0, 6] }]);
});

test('reads the given number of minutes, and drops old ones', async () => {
  const minutes = [1, 70, 60 * 24 * 8].map((ago) => ({ minute: minutesAgo(ago), outcome: 'dns', attempts: 1, durations: [1] }));
  await addActivity(log.pool, { minutes, owners: [] });
  expect(await readMinutes(log.pool, 60)).toHaveLength(1);
  expect(await readMinutes(log.pool, 100_000)).toHaveLength(3);
  await dropActivity(log.pool, 7);
  expect(await readMinutes(log.pool, 100_000)).toHaveLength(2);
});

test('reads owners by their attempts of the last hour, with their webhooks and limits', async () => {
  await addActivity(log.pool, { minutes: [], owners: [...owners('bob', 5, 2), ...owners('carol', 50)] });
  await addActivity(log.pool, {
    minutes: [],
    owners: [...owners('bob', 5, 1), ...owners('old', 99, 0, 120)],
  });
  await log.addWebhook('wh_1', { owner: 'bob' });
  await log.addWebhook('wh_2', { owner: 'dave' });
  await log.accept({ owner: 'dave' });
  await log.pool.query("INSERT INTO owner_settings (owner, webhooks_limit) VALUES ('bob', 9)");
  const list = await readOwnersByLoad(log.pool, { owner: null, limit: 10 });
  expect(list).toMatchObject([
    { owner: 'carol', attempts: 50, failed: 0, busyMs: 520, webhooks: 0, pending: 0, webhooksLimit: null },
    { owner: 'bob', attempts: 10, failed: 3, busyMs: 104, webhooks: 1, pending: 0, webhooksLimit: 9, disabledAt: null },
    { owner: 'dave', attempts: 0, webhooks: 1, pending: 1 },
  ]);
  expect(await readOwnersByLoad(log.pool, { owner: null, limit: 1 })).toHaveLength(1);
  expect(await readOwnersByLoad(log.pool, { owner: 'nobody', limit: 1 })).toMatchObject([
    { owner: 'nobody', webhooks: 0, attempts: 0 },
  ]);
});

test('counts at most 10,000 pending deliveries of a webhook', async () => {
  await log.addWebhook('wh_full', { owner: 'full' });
  await log.pool.query(`
    INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
    SELECT new_delivery_id(now()), 'wh_full', 1, n, now(), (ARRAY['parked', 'backoff'])[1 + n % 2]::delivery_stage, now()
    FROM generate_series(1, 10010) AS n`);
  expect(await readOwnersByLoad(log.pool, { owner: 'full', limit: 1 })).toMatchObject([{ pending: 10_000 }]);
  await log.pool.query("UPDATE webhooks SET enabled = false WHERE id = 'wh_full'");
  expect(await readOwnersByLoad(log.pool, { owner: 'full', limit: 1 })).toMatchObject([{ pending: 0 }]);
});
