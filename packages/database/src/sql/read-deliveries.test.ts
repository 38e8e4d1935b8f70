import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase, type Database } from '../database.js';
import { readDeliveries } from './read-deliveries.js';

/** Numbers of one webhook's deliveries: pages must not read many of them. */
const ENDED = 30_000;
const PENDING = 5_000;

let log: TestLog;
let database: Database;
beforeAll(async () => {
  log = await openLog();
  // A prepared statement belongs to its connection.
  database = openDatabase({ url: log.url, maxConnections: 1 });
  await log.addWebhook('wh_busy');
  await log.pool.query(
    `WITH logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at, finished_at)
       SELECT new_delivery_id(at), 'evt_' || n, n, 'wh_busy', 'alice', 'sync.completed',
         (CASE WHEN n <= $2::int THEN 'pending' ELSE 'succeeded' END)::delivery_status, at, CASE WHEN n > $2::int THEN at END
       FROM (SELECT n, now() - ($1::int + $2::int - n) * interval '1 ms' AS at FROM generate_series(1, $1::int + $2::int) AS n) AS event
       RETURNING id, event_position, created_at, status
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, next_attempt_at)
     SELECT id, 'wh_busy', 1, event_position, created_at, (ARRAY['parked', 'backoff'])[1 + event_position % 2]::delivery_stage,
       event_position % 3, now()
     FROM logged WHERE status = 'pending'`,
    [ENDED, PENDING],
  );
  await log.pool.query('VACUUM (ANALYZE) deliveries, pending_deliveries');
});
afterAll(async () => {
  await database.close();
  await log.close();
});

/** Returns the plan of the statement that the last read prepared, and the number of buffers that it reads. */
async function explain(name: string, parameters: string): Promise<{ plan: string; buffers: number }> {
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) EXECUTE ${name}${parameters}`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  return { plan, buffers: Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1]) };
}

test('the pending deliveries are read without the ended ones, page by page, newest first', async () => {
  const page = { webhookId: 'wh_busy', statuses: ['pending'] as const, limit: 50 };
  const first = await readDeliveries(database.pool, page);
  const second = await readDeliveries(database.pool, { ...page, cursor: first.deliveries.at(-1)?.id });
  const ids = [...first.deliveries, ...second.deliveries].map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort().reverse());
  expect(ids).toHaveLength(100);
  const { plan, buffers } = await explain(
    'read_pending_deliveries',
    `('wh_busy', '', 'dlv_~', NULL, '${String(first.deliveries.at(-1)?.id)}', 50)`,
  );
  expect({ plan, few: buffers < 1500 }).toEqual({ plan, few: true });
});

test('a page of the log reads a page of it, whatever is pending', async () => {
  const page = { webhookId: 'wh_busy', limit: 50 };
  expect((await readDeliveries(database.pool, page)).deliveries).toHaveLength(50);
  const { plan, buffers } = await explain('read_deliveries', `('wh_busy', '', 'dlv_~', NULL, NULL, 50)`);
  expect({ plan, few: buffers < 1000 }).toEqual({ plan, few: true });
});
