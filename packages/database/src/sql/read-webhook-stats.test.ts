import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { succeeded, refused, HEALTH } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { readWebhookStats } from './read-webhook-stats.js';
import { recordAttempts } from './record-attempts.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const stats = async (...ids: string[]) => readWebhookStats(log.pool, ids);
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

test('an unknown webhook has zero counts for the last day', async () => {
  await log.addWebhook('wh_idle');
  const [idle] = await stats('wh_idle');
  expect(idle).toMatchObject({ webhookId: 'wh_idle', delivered: 0, failed: 0, p50Ms: null, p95Ms: null, pending: 0 });
  expect(Date.now() - (idle?.since.getTime() ?? 0)).toBeGreaterThan(86_300_000);
  expect(idle?.series).toHaveLength(24);
  expect(sum(idle?.series.map((part) => part.succeeded + part.failed) ?? [])).toBe(0);
});

test('counts ended and pending deliveries and the durations of attempts, for each webhook separately', async () => {
  const [first = '', second = '', third = ''] = await log.addDeliveries(4, { maxInFlight: 10 });
  const other = await log.addDelivery('other');
  const record = async (id: string, failed: boolean, durationMs: number) => {
    const lease = await log.claim(id);
    const attempt = failed ? refused(lease, { status: 'failed' }) : succeeded(lease);
    await recordAttempts(log.pool, [{ ...attempt, durationMs }], { wakeAfterMs: 15_000, health: HEALTH });
  };
  await record(first, false, 10);
  await record(second, false, 20);
  await record(third, true, 900);
  await record(other, false, 5);
  const webhookId = (await log.delivery(first)).webhook_id;
  const [otherStats, own] = await stats('wh_other', webhookId);
  expect(own).toMatchObject({ webhookId, delivered: 2, failed: 1, p50Ms: 20, p95Ms: 900, pending: 1 });
  expect(own?.series.at(-1)).toMatchObject({ succeeded: 2, failed: 1 });
  expect(otherStats).toMatchObject({ webhookId: 'wh_other', delivered: 1, failed: 0, p95Ms: 5, pending: 0 });
});

test('counts the newest thousand deliveries of a busy webhook, and the time that they cover', async () => {
  await log.addWebhook('wh_busy');
  await log.pool.query(`
    INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at, finished_at)
    SELECT new_delivery_id(at), 'evt_' || n, n, 'wh_busy', 'alice', 'sync.completed', 'succeeded', at, at
    FROM (SELECT n, now() - n * interval '1 s' AS at FROM generate_series(1, 1500) AS n) AS row`);
  const [busy] = await stats('wh_busy');
  expect(busy?.delivered).toBe(1000);
  expect(Math.round((Date.now() - (busy?.since.getTime() ?? 0)) / 1000)).toBeLessThan(1100);
  expect(sum(busy?.series.map((part) => part.succeeded) ?? [])).toBe(1000);
  expect(busy?.series[0]?.succeeded).toBeGreaterThan(0);
});
