import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { bringForward } from './bring-forward.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const HOUR_MS = 3_600_000;

test('brings retries forward by as long as the clock was set back, and none before the present time', async () => {
  const stages = {
    retry: "stage = 'backoff', next_attempt_at = now() + interval '70 min', wake_at = now() + interval '71 min'",
    soon: "stage = 'backoff', next_attempt_at = now() + interval '5 min', wake_at = now() + interval '6 min'",
    due: "stage = 'backoff', next_attempt_at = now() - interval '5 min', wake_at = now() - interval '4 min'",
    parked: "stage = 'parked', next_attempt_at = now() + interval '70 min', wake_at = NULL",
    admitted: "stage = 'admitted', next_attempt_at = now(), wake_at = now() + interval '1 min'",
  };
  const ids: Record<string, string> = {};
  for (const [name, change] of Object.entries(stages)) {
    ids[name] = await log.addDelivery(name);
    await log.pool.query(`UPDATE pending_deliveries SET ${change} WHERE delivery_id = $1`, [ids[name]]);
  }
  expect(await bringForward(log.pool, HOUR_MS)).toBeNull();
  const times = async (name: string) => {
    const { next_attempt_in: next, wake_in: wake } = await log.delivery(ids[name] ?? '');
    return [next, wake];
  };
  expect(await times('retry')).toEqual([600, 660]);
  expect(await times('soon')).toEqual([0, 60]);
  expect(await times('due')).toEqual([-300, -240]);
  expect(await times('parked')).toEqual([4200, null]);
  expect(await times('admitted')).toEqual([0, 60]);
});

test('looks at all of them, chunk by chunk, and skips locked ones', async () => {
  await log.addDeliveries(4100);
  await log.pool.query(
    "UPDATE pending_deliveries SET stage = 'backoff', next_attempt_at = now() + interval '2 h', wake_at = now() + interval '3 h'",
  );
  const chunks: string[] = [];
  await log.whileHeld('SELECT FROM pending_deliveries ORDER BY delivery_id LIMIT 1 FOR UPDATE', [], async () => {
    for (let after: string | null = ''; after !== null; after = await bringForward(log.pool, HOUR_MS, after)) chunks.push(after);
  });
  expect(chunks).toHaveLength(3);
  const { rows } = await log.pool.query<{ left: number }>(
    "SELECT count(*)::int AS left FROM pending_deliveries WHERE next_attempt_at > now() + interval '90 min'",
  );
  expect(rows).toEqual([{ left: 1 }]);
});
