import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { openDatabase, type Database } from '../database.js';
import { acceptEvents } from './accept-events.js';
import { admitNext, admitOf } from './admit-next.js';
import { advanceLineStarts } from './advance-line-starts.js';
import { bringForward } from './bring-forward.js';
import { cancelDelivery } from './cancel-delivery.js';
import { claimDeliveries } from './claim-deliveries.js';
import { endSuperseded, endSupersededNext } from './end-superseded.js';
import { expandNext } from './expand-events.js';
import { hastenDeliveries } from './hasten-deliveries.js';
import { listEvents } from './list-events.js';
import { pauseWebhook, readDeliveryPause, setDeliveryPause } from './pause.js';
import { markExpiring, readExpiring, skipExpired } from './expire-paused.js';
import { giveBackTask, takeTasks } from './periodic-tasks.js';
import { readBacklog } from './read-backlog.js';
import { readAnyEvent } from './read-event.js';
import { readAllEventDeliveries, readEventDeliveries } from './read-event-deliveries.js';
import { recordAttempts } from './record-attempts.js';
import { readReplayChunk, replayDeliveries, type ReplayChunk } from './replay-deliveries.js';
import { countWithMissing, readLogPart, replayWithMissing } from './replay-missing.js';
import { retryDelivery } from './retry-delivery.js';
import { countReplays, noteReplay } from './replay-pace.js';
import {
  postponeVerifications,
  recordVerification,
  releaseUnverified,
  requestVerification,
  takeUnverified,
} from './verify-webhooks.js';
import { listRevocations, readRevocations, removeEndedRevocations, writeRevocations } from './revocations.js';
import { wakeDeliveries } from './wake-deliveries.js';
import { countHour, dropWebhookHours, readWebhookHours } from './webhook-hours.js';

let log: TestLog;
let database: Database;
beforeAll(async () => {
  log = await openLog();
  database = openDatabase({ url: log.url, maxConnections: 1 });
  // Three periods, with a backlog of a hundred webhooks in the last two; events to be expanded, and webhooks that were disabled.
  await database.pool.query(`
    DROP TABLE events_first, deliveries_first, attempts_first; DELETE FROM partitions;
    SELECT add_partition('one', NULL, now() - interval '20 days'), add_partition('two', now() - interval '20 days', now() - interval '10 days'),
      add_partition('three', now() - interval '10 days', now() + interval '10 days');
    INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, ordering)
      SELECT 'wh_' || n, 'owner_' || n % 10, 'https://example.com', '{*}', '', (CASE WHEN n % 10 = 0 THEN 'fifo' ELSE 'unordered' END)::webhook_ordering
      FROM generate_series(1, 1000) AS n;
    INSERT INTO events (id, type, data, timestamp, accepted_at)
      SELECT 'evt_' || n, 'sync.completed', '{}', at, at
      FROM (SELECT n, now() - (40000 - n) * interval '1 min' AS at FROM generate_series(1, 40000) AS n) AS row;
    INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at)
      SELECT new_delivery_id(accepted_at), id, position, 'wh_' || 1 + position % 100, 'owner_' || (1 + position % 100) % 10, type,
        (CASE WHEN position < 10000 THEN 'succeeded' ELSE 'pending' END)::delivery_status, accepted_at FROM events;
    INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, next_attempt_at, wake_at)
      SELECT id, webhook_id, 1, event_position, created_at, stage, event_position % 3, created_at,
        CASE WHEN stage <> 'parked' THEN now() + (event_position - 20000) * interval '1 s' END
      FROM (
        SELECT *, (ARRAY['parked', 'parked', 'backoff', 'admitted'])[1 + event_position % 4]::delivery_stage AS stage FROM deliveries WHERE status = 'pending'
      ) AS row;
    INSERT INTO expansions (event_position, event_id, event_type, owner, accepted_at, patterns, fifo_done)
      SELECT position, id, type, CASE WHEN position % 2 = 0 THEN 'owner_1' END, accepted_at, '{*}', position % 4 < 2 FROM events WHERE position > 39900;
    UPDATE webhooks SET enabled = false WHERE id > 'wh_99';
    UPDATE webhooks SET owner_paused_at = now() WHERE id LIKE 'wh_5%';
    UPDATE webhooks SET unverified_since = now() WHERE id LIKE 'wh_6%';
    INSERT INTO replays SELECT id, 'example.com', now() + interval '1 h' FROM webhooks WHERE id LIKE 'wh_1%';
    INSERT INTO expiry_notices (period, webhook_id, notified_at) SELECT 'two', id, now() - interval '9 days' FROM webhooks WHERE id LIKE 'wh_50%';
    INSERT INTO revocations (kind, subject, ends_at) SELECT 'token', 'jti_' || n, now() + n * interval '1 min' FROM generate_series(1, 10000) AS n`);
  await database.pool.query(`
    INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, webhook_id, hour)
      SELECT id, 100, created_at, 5, 200, webhook_id, floor(extract(epoch FROM created_at) / 3600) FROM deliveries;
    INSERT INTO webhook_hours (webhook_id, hour, event_type, status_class, attempts)
      SELECT webhook_id, hour, 'sync.completed', '2xx', count(*) FROM attempts GROUP BY 1, 2;
    UPDATE counted_hours SET hour = hour - 3`);
  await database.pool.query('VACUUM ANALYZE');
});
afterAll(async () => {
  await database.close();
  await log.close();
});

const OPTIONS = { leaseMs: 60_000, wakeAfterMs: 15_000 };
const EVENT = { type: 'sync.completed', timestamp: '2026-03-01T00:00:00Z', data: '{}' };
const filter = { webhookId: 'wh_1', since: new Date(0), until: null, statuses: ['succeeded'] as const, types: null };
const missing = { ...filter, since: new Date(Date.now() - 15 * 86_400_000), patterns: ['sync.completed'] };
const part = { after: '20000', through: '25000' };
const expiry = { retentionDays: 8, noticeHours: 24 };
let admitted: string[];
let waiting: string[];
let chunk: ReplayChunk;
beforeAll(async () => {
  const idsOf = async (stage: string) => {
    const { rows } = await log.pool.query<{ id: string }>(
      "SELECT delivery_id AS id FROM pending_deliveries WHERE stage = $1::delivery_stage AND webhook_id < 'wh_99' LIMIT 20",
      [stage],
    );
    return rows.map(({ id }) => id);
  };
  [admitted, waiting] = [await idsOf('admitted'), await idsOf('backoff')];
  [chunk] = (await planReplay(log.pool, filter)) as [ReplayChunk];
});

const LATELY = new Date(Date.now() - 86_400_000);

/** Each statement of the engine, by its name, executed with rows of this log. */
const STATEMENTS: [string, (sql: Database['pool']) => Promise<unknown>][] = [
  [
    'accept_events',
    (sql) =>
      acceptEvents(
        sql,
        [
          [
            { ...EVENT, id: 'new', owner: 'owner_1' },
            { ...EVENT, id: 'all', owner: null },
          ],
        ],
        {
          patterns: new Map([['sync.completed', ['*', 'sync.*']]]),
          wakeAfterMs: 1000,
        },
      ),
  ],
  ['admit_next', (sql) => admitNext(sql, { after: '', deliveries: 10, perWebhook: 2, wakeAfterMs: 1000 })],
  ['advance_line_starts', (sql) => advanceLineStarts(sql, ['wh_1', 'wh_10'])],
  ['admit_of', (sql) => admitOf(sql, ['wh_1', 'wh_10'], 1000)],
  ['claim_deliveries', (sql) => claimDeliveries(sql, admitted, { ...OPTIONS, next: [{ webhookId: 'wh_2', count: 5 }] })],
  [
    'record_attempts',
    async (sql) => {
      const claims = await claimDeliveries(sql, [], { ...OPTIONS, next: [{ webhookId: 'wh_3', count: 2 }] });
      const attempts = claims.flatMap((claim) => (claim.state === 'claimed' ? [succeeded(claim)] : []));
      return recordAttempts(sql, attempts, { wakeAfterMs: 1000, health: HEALTH });
    },
  ],
  ['wake_deliveries', (sql) => wakeDeliveries(sql, { againAfterMs: 1000 })],
  ['end_superseded', (sql) => endSuperseded(sql, waiting)],
  ['end_superseded_next', (sql) => endSupersededNext(sql)],
  ['expand_next', (sql) => expandNext(sql)],
  ['read_event_deliveries', (sql) => readEventDeliveries(sql, 'owner_1', { eventId: 'evt_39950', limit: 10 })],
  ['read_all_event_deliveries', (sql) => readAllEventDeliveries(sql, { eventId: 'evt_39950', limit: 10 })],
  [
    'list_owner_events_desc',
    (sql) => listEvents(sql, { owner: 'owner_1', limit: 10, maxBytes: 1_000_000, order: 'desc', since: LATELY }),
  ],
  [
    'list_owner_events_asc',
    (sql) => listEvents(sql, { owner: 'owner_1', limit: 10, maxBytes: 1_000_000, order: 'asc', since: LATELY }),
  ],
  [
    'list_all_events_desc',
    (sql) => listEvents(sql, { owner: null, limit: 10, maxBytes: 1_000_000, order: 'desc', until: LATELY }),
  ],
  ['find_time', (sql) => listEvents(sql, { owner: null, limit: 10, maxBytes: 1_000_000, order: 'asc', since: LATELY })],
  ['read_any_event', (sql) => readAnyEvent(sql, 'evt_39950')],
  ['retry_delivery', (sql) => retryDelivery(sql, 'owner_1', waiting[0] ?? '', 1000)],
  ['read_replay_chunk', (sql) => readReplayChunk(sql, filter, '')],
  ['replay_deliveries', (sql) => replayDeliveries(sql, filter, chunk, 100)],
  ['read_log_part', (sql) => readLogPart(sql, missing)],
  ['count_with_missing', (sql) => countWithMissing(sql, missing, part)],
  ['replay_with_missing', (sql) => replayWithMissing(sql, missing, part, 100)],
  ['cancel_delivery', (sql) => cancelDelivery(sql, 'owner_1', waiting[1] ?? '', 'olga')],
  ['read_expiring', (sql) => readExpiring(sql, '', expiry)],
  ['mark_expiring', (sql) => markExpiring(sql, { webhookId: 'wh_51', period: 'two' })],
  ['skip_expired', (sql) => skipExpired(sql, { period: '', webhookId: '' }, expiry)],
  ['count_hour', (sql) => countHour(sql)],
  ['read_webhook_hours', (sql) => readWebhookHours(sql, 'wh_1', 720)],
  ['drop_webhook_hours', (sql) => dropWebhookHours(sql, 35)],
  ['read_backlog', (sql) => readBacklog(sql)],
  ['set_delivery_pause', (sql) => setDeliveryPause(sql, false, 'olga')],
  ['read_delivery_pause', (sql) => readDeliveryPause(sql)],
  ['pause_webhook', (sql) => pauseWebhook(sql, 'wh_1', false, 'olga')],
  ['read_revocations', (sql) => readRevocations(sql, { from: 9000, limit: 10 })],
  ['list_revocations', (sql) => listRevocations(sql, { limit: 10 })],
  ['list_revocations_of_subject', (sql) => listRevocations(sql, { of: { kind: 'token', subject: 'jti_1' }, limit: 10 })],
  [
    'write_revocations',
    (sql) => writeRevocations(sql, [{ kind: 'token', subject: 'jti_1', notBefore: null, endsAt: null, owner: null }], 'olga'),
  ],
  ['remove_ended_revocations', removeEndedRevocations],
  ['bring_forward', (sql) => bringForward(sql, 1000)],
  ['hasten_deliveries', (sql) => hastenDeliveries(sql, 'wh_1', 10)],
  ['take_tasks', (sql) => takeTasks(sql, [{ name: 'reconcile', forMs: 1000 }], 'one')],
  ['take_unverified', (sql) => takeUnverified(sql)],
  ['postpone_verifications', (sql) => postponeVerifications(sql, ['wh_61', 'wh_62'], 1000)],
  ['record_verification', (sql) => recordVerification(sql, { webhookId: 'wh_61', url: 'https://example.com', error: null })],
  ['request_verification', (sql) => requestVerification(sql, 'owner_2', 'wh_62')],
  ['release_unverified', (sql) => releaseUnverified(sql)],
  ['count_replays', (sql) => countReplays(sql, 'example.com', 'wh_1')],
  ['note_replay', (sql) => noteReplay(sql, 'example.com', 'wh_2')],
  ['give_back_task', (sql) => giveBackTask(sql, 'reconcile', 'one')],
];

/** The lines of a statement's generic plan, which it has for any parameters. */
async function planOf(name: string, execute: (sql: Database['pool']) => Promise<unknown>, options = ''): Promise<string[]> {
  await execute(database.pool);
  const { rows: found } = await database.pool.query<{ count: number }>(
    'SELECT coalesce(cardinality(parameter_types), 0) AS count FROM pg_prepared_statements WHERE name = $1',
    [name],
  );
  const parameters = Array.from({ length: found[0]?.count ?? 0 }, () => 'NULL').join(', ');
  const execution = parameters === '' ? name : `${name}(${parameters})`;
  const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${options} EXECUTE ${execution}`);
  return rows.map((row) => row['QUERY PLAN']);
}

// Until PostgreSQL 17 a node that the session's settings turn off adds 10^10 to a plan's cost: JIT compiles such a statement
// each time it runs, and the costs hide the differences between plans. Since 18 such a node says so.
const DISABLED = /Disabled: true|cost=\d{11}/;

test.each(STATEMENTS.filter(([name]) => name !== 'read_backlog'))(
  '%s has no plan with a scan or join that the session turns off',
  async (name, execute) => {
    expect((await planOf(name, execute)).filter((line) => DISABLED.test(line))).toEqual([]);
  },
);

describe('a statement, with the functions that it calls,', () => {
  /**
   * The number of scans of whole tables, of each table that grows, that this session has not handed over yet, which it does between
   * transactions. The counts of other sessions come when they like. A hostile database has a table of the same name elsewhere.
   */
  const scans = async () => {
    const { rows } = await database.pool.query<{ name: string; scans: number }>(
      `SELECT relname AS name, seq_scan::int AS scans FROM pg_stat_xact_user_tables
       WHERE schemaname = current_schema()
         AND relname ~ '^(events|deliveries|attempts)_|^(pending_deliveries|webhooks|subscriptions|webhook_hours|revocations)$'`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.scans]));
  };

  // The backlog counts all webhooks.
  test.each(STATEMENTS.filter(([name]) => name !== 'read_backlog'))('scans no whole table: %s', async (_, execute) => {
    await database.pool.query('BEGIN');
    try {
      const before = await scans();
      await execute(database.pool);
      expect(await scans()).toEqual(before);
    } finally {
      await database.pool.query('COMMIT');
    }
  });

  test('is found if it scans a whole table', async () => {
    const others = ['indexscan', 'indexonlyscan', 'bitmapscan'].map((scan) => `SET LOCAL enable_${scan} = off;`).join(' ');
    await database.pool.query(`BEGIN; ${others} SET LOCAL enable_seqscan = on`);
    try {
      const before = await scans();
      await database.pool.query('SELECT count(*) FROM webhooks');
      expect(await scans()).toEqual({ ...before, webhooks: (before['webhooks'] ?? 0) + 1 });
    } finally {
      await database.pool.query('COMMIT');
    }
  });
});

// Without a condition on it, an index is read from its first entry: a scan of the whole table in its order.
test.each(STATEMENTS.filter(([name]) => name !== 'read_backlog'))(
  '%s looks into primary keys only for certain rows',
  async (name, execute) => {
    const plan = await planOf(name, execute);
    const unbounded = plan.filter(
      (line, index) =>
        /Scan.* using \w+_pkey on (pending_deliveries|webhooks|deliveries_|revocations)/.test(line) &&
        !plan[index + 1]?.includes('Index Cond'),
    );
    expect(unbounded).toEqual([]);
  },
);

test('read_backlog scans no whole table of deliveries', async () => {
  const plan = await planOf('read_backlog', readBacklog);
  expect(plan.filter((line) => line.includes('Seq Scan'))).toEqual([expect.stringContaining('on webhooks')]);
});

test.each(STATEMENTS.filter(([name]) => ['accept_events', 'claim_deliveries'].includes(name)))(
  '%s calls no function for is_deliverable and slots_of: they are inlined',
  async (name, execute) => {
    const plan = (await planOf(name, execute, 'VERBOSE')).join('\n');
    expect(plan).not.toMatch(/is_deliverable\(|slots_of\(/);
  },
);

test('no session compiles statements', async () => {
  expect((await database.pool.query('SHOW jit')).rows).toEqual([{ jit: 'off' }]);
});
