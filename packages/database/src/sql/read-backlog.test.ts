import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { readBacklog, type Backlog } from './read-backlog.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

/** Converts milliseconds to seconds, rounded to 5, so that a slow machine makes no difference. */
const rounded = (ms: number) => 5 * Math.round(ms / 5000);
const read = async () => {
  const backlog = await readBacklog(log.pool);
  const stage = ({ count, oldestDueMs }: Backlog['admitted']) => [count, rounded(oldestDueMs)];
  return {
    admitted: stage(backlog.admitted),
    backoff: stage(backlog.backoff),
    parked: stage(backlog.parked),
    overdue: rounded(backlog.overdueMs),
    webhooks: backlog.webhooks,
  };
};

describe('the backlog', () => {
  test('is zero for an empty log', async () => {
    expect(await read()).toEqual({
      admitted: [0, 0],
      backoff: [0, 0],
      parked: [0, 0],
      overdue: 0,
      webhooks: { enabled: 0, disabled: 0, failing: 0, gone: 0, operator: 0, circuitOpen: 0, backlogged: 0 },
    });
  });

  test('counts pending deliveries by stage, with the time since the oldest became due, and no ended ones', async () => {
    const [first = '', second = ''] = await log.addDeliveries(5, { maxInFlight: 2 });
    await log.pass(60);
    const ended = await log.addDelivery();
    await log.pool.query('DELETE FROM pending_deliveries WHERE delivery_id = $1', [ended]);
    expect(await read()).toMatchObject({ admitted: [2, 60], backoff: [0, 0], parked: [3, 60], webhooks: { backlogged: 1 } });
    await log.pool.query(
      "UPDATE pending_deliveries SET stage = 'backoff', next_attempt_at = now() - interval '20 s' WHERE delivery_id = $1",
      [first],
    );
    await log.pool.query("UPDATE pending_deliveries SET next_attempt_at = now() + interval '20 s' WHERE delivery_id = $1", [
      second,
    ]);
    expect(await read()).toMatchObject({ admitted: [1, 0], backoff: [1, 20], parked: [3, 60] });
  });

  test('leaves requests in flight out of the due time', async () => {
    const id = await log.addDelivery();
    await log.pass(60);
    await log.claim(id);
    expect(await read()).toMatchObject({ admitted: [1, 0] });
  });

  test('takes the due time of parked deliveries from the first in line of each webhook', async () => {
    await log.addDeliveries(3, { maxInFlight: 1 });
    await log.pass(100);
    await log.addDeliveries(2, { maxInFlight: 1 });
    await log.addDeliveries(1);
    expect(await read()).toMatchObject({ parked: [3, 100], webhooks: { backlogged: 2, enabled: 3 } });
  });

  test('is overdue when a wake time has passed: no reconciler is running', async () => {
    await log.addDelivery();
    await log.pass(5);
    expect((await read()).overdue).toBe(0);
    await log.pass(40);
    expect((await read()).overdue).toBe(30);
  });
});

test('counts webhooks by state, and open circuits among the enabled ones', async () => {
  await log.addWebhook('wh_1');
  await log.addWebhook('wh_2');
  await log.addWebhook('wh_3', { enabled: false });
  await log.addWebhook('wh_4', { enabled: false, disabledReason: 'failing' });
  await log.addWebhook('wh_5', { enabled: false, disabledReason: 'gone' });
  await log.addWebhook('wh_6', { enabled: false, disabledReason: 'operator' });
  await log.pool.query("UPDATE webhooks SET circuit_opened_at = now() WHERE id IN ('wh_2', 'wh_4')");
  expect((await read()).webhooks).toEqual({
    enabled: 2,
    disabled: 1,
    failing: 1,
    gone: 1,
    operator: 1,
    circuitOpen: 1,
    backlogged: 0,
  });
});
