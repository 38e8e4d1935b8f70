import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HEALTH } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { openDatabase, type Database } from '../database.js';
import { acceptEvents } from './accept-events.js';
import { cancelDeliveries } from './cancel-deliveries.js';
import { claimDeliveries } from './claim-deliveries.js';
import { recordAttempts } from './record-attempts.js';
import { readBacklog } from './read-backlog.js';
import { readBacklogged, releaseDeliveries } from './release-deliveries.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
let database: Database;
beforeAll(async () => {
  log = await openLog();
  database = openDatabase({ url: log.url, maxConnections: 1 });
  await database.pool.query("SET plan_cache_mode = 'force_generic_plan'");
  // Three periods, with a backlog of a hundred webhooks in the last two.
  await database.pool.query(`
    DROP TABLE events_first, deliveries_first, attempts_first;
    SELECT add_partition('one', NULL, '2026-01-11'), add_partition('two', '2026-01-11', '2026-01-21'), add_partition('three', '2026-01-21', '2026-02-01');
    INSERT INTO webhooks (id, owner, url, sealed_secret) SELECT 'wh_' || n, 'alice', '', '' FROM generate_series(1, 100) AS n;
    INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, stage, created_at, next_attempt_at, wake_at)
      SELECT new_delivery_id(at), 'evt_' || n, n, 'wh_' || 1 + n % 100, 'alice', 'sync.completed',
        (CASE WHEN n < 10000 THEN 'succeeded' ELSE 'pending' END)::delivery_status,
        (CASE WHEN n >= 10000 THEN (ARRAY['parked', 'parked', 'backoff', 'admitted'])[1 + n % 4] END)::delivery_stage, at, at,
        CASE WHEN n >= 10000 AND n % 4 >= 2 THEN now() + (n - 20000) * interval '1 s' END
      FROM (SELECT n, '2026-01-01'::timestamptz + n * interval '1 min' AS at FROM generate_series(1, 40000) AS n) AS row`);
  await database.pool.query('ANALYZE');
});
afterAll(async () => {
  await database.close();
  await log.close();
});

const DELIVERY = "'dlv_0'";
test.each<[string, (sql: Database['pool']) => Promise<unknown>, string]>([
  [
    'claim_deliveries',
    (sql) => claimDeliveries(sql, [], { leaseMs: 1, wakeAfterMs: 1 }),
    `(ARRAY[${DELIVERY}], 1, 1, '{}', '{}')`,
  ],
  [
    'record_attempts',
    (sql) => recordAttempts(sql, [], { wakeAfterMs: 1, health: HEALTH }),
    `(ARRAY[${DELIVERY}], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 1, 1, 1, 1, 1, '{}')`,
  ],
  ['wake_deliveries', (sql) => wakeDeliveries(sql, 1), '(1)'],
  ['release_deliveries', (sql) => releaseDeliveries(sql, [], 1), "(ARRAY['wh_1'], 1)"],
  ['read_backlogged', (sql) => readBacklogged(sql), ''],
  ['read_backlog', (sql) => readBacklog(sql), ''],
  ['cancel_deliveries', (sql) => cancelDeliveries(sql, 'nothing'), "('wh_1')"],
])('%s scans no whole partition of the deliveries', async (name, prepare, parameters) => {
  await prepare(database.pool);
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE ${name}${parameters}`);
  const plan = rows.map((row) => row['QUERY PLAN']);
  expect(plan.filter((line) => line.includes('Index'))).not.toEqual([]);
  expect(plan.filter((line) => line.includes('Seq Scan on deliveries'))).toEqual([]);
});

test.each<[string, (sql: Database['pool']) => Promise<unknown>, string]>([
  [
    'claim_deliveries',
    (sql) => claimDeliveries(sql, [], { leaseMs: 1, wakeAfterMs: 1 }),
    `(ARRAY[${DELIVERY}], 1, 1, ARRAY['wh_1'], ARRAY[5])`,
  ],
  ['release_deliveries', (sql) => releaseDeliveries(sql, [], 1), "(ARRAY['wh_1'], 1)"],
])('%s finds the first deliveries in line by an index, without sorting', async (name, prepare, parameters) => {
  await prepare(database.pool);
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE ${name}${parameters}`);
  const plan = rows.map((row) => row['QUERY PLAN']);
  const sorted = plan.filter((line, index) => plan[index - 1]?.includes('->  Sort  (') && line.includes('Sort Key: deliveries'));
  expect(sorted).toEqual([]);
  expect(plan.filter((line) => /Index Scan using \S+_priority_event_position_idx\S* on deliveries/.test(line))).not.toEqual([]);
});

test.each<[string, (sql: Database['pool']) => Promise<unknown>, string]>([
  [
    'accept_events',
    (sql) => acceptEvents(sql, [[]], { patterns: new Map(), wakeAfterMs: 1 }),
    `('{}', '{}', '{}', '{}', '{}', '{}', '{}', 1, '{}', '{}')`,
  ],
  [
    'claim_deliveries',
    (sql) => claimDeliveries(sql, [], { leaseMs: 1, wakeAfterMs: 1 }),
    `(ARRAY[${DELIVERY}], 1, 1, '{}', '{}')`,
  ],
])('%s calls no function for the slot rules: they are inlined', async (name, prepare, parameters) => {
  await prepare(database.pool);
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN VERBOSE EXECUTE ${name}${parameters}`);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('disabled_reason IS NOT NULL');
  expect(plan).not.toMatch(/is_deliverable\(|slots_of\(/);
});

// Until PostgreSQL 17 a node that the session's settings turn off adds 10^10 to a plan's cost: JIT compiles such a statement
// each time it runs, and the costs hide the differences between plans. Since 18 such a node says so.
const DISABLED = /Disabled: true|cost=\d{11}/;
const SCOPE = { patterns: new Map<string, string[]>(), wakeAfterMs: 1 };
test.each<[string, (sql: Database['pool']) => Promise<unknown>, string]>([
  [
    'accept_events',
    (sql) => acceptEvents(sql, [[]], SCOPE),
    "(ARRAY['evt_1'], ARRAY['a.b'], ARRAY['alice'], ARRAY['{}'], ARRAY[now()], ARRAY['a.b'], ARRAY['*'], 1, ARRAY[0], ARRAY[NULL])",
  ],
  [
    'claim_deliveries',
    (sql) => claimDeliveries(sql, [], { leaseMs: 1, wakeAfterMs: 1 }),
    `(ARRAY[${DELIVERY}], 1, 1, ARRAY['wh_1'], ARRAY[5])`,
  ],
  [
    'record_attempts',
    (sql) => recordAttempts(sql, [], { wakeAfterMs: 1, health: HEALTH }),
    `(ARRAY[${DELIVERY}], '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 1, 1, 1, 1, 1, '{}')`,
  ],
  ['wake_deliveries', (sql) => wakeDeliveries(sql, 1), '(1)'],
  ['release_deliveries', (sql) => releaseDeliveries(sql, [], 1), "(ARRAY['wh_1'], 1)"],
  ['cancel_deliveries', (sql) => cancelDeliveries(sql, 'nothing'), "('wh_1')"],
])('%s has no plan with a scan or join that the session turns off', async (name, prepare, parameters) => {
  await prepare(database.pool);
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE ${name}${parameters}`);
  expect(rows.map((row) => row['QUERY PLAN']).filter((line) => DISABLED.test(line))).toEqual([]);
});

test('no session compiles statements', async () => {
  expect((await database.pool.query('SHOW jit')).rows).toEqual([{ jit: 'off' }]);
});
