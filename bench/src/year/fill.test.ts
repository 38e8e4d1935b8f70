import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { acceptEvents, createMaintenance, createTaskHold, openDatabase, type Database } from '@tidings/database';
import { createTestDatabase, eventually, type TestDatabase } from '@tidings/testing';
import type pg from 'pg';
import { fillYear, scaled, YEAR } from './fill.js';

const SIZE = scaled(YEAR, 0.001);
/** Partitions differ in nothing but their names. */
const PERIOD = /_(first|\d{4}_\d{2}_\d{2})(?=_|\b)/g;

let testDatabase: TestDatabase;
let sql: pg.Client;
let database: Database;
let schemaBefore: string[];
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  sql = await testDatabase.connect();
  database = openDatabase({ url: testDatabase.url });
  schemaBefore = await readSchema();
  await fillYear(sql, SIZE);
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

/** The options of each table, its indexes with their validity and parents, constraints and triggers; those of all partitions once. */
async function readSchema(): Promise<string[]> {
  const { rows } = await sql.query<{ line: string }>(`
    SELECT format('%s %s', oid::regclass, reloptions) AS line FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'i', 'I')
    UNION ALL SELECT format('%s %s %s', pg_get_indexdef(indexrelid), indisvalid, inhparent::regclass)
      FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid WHERE indrelid::regclass::text !~ '^pg_'
    UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT format('%s %s', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger`);
  return [...new Set(rows.map(({ line }) => line.replaceAll(PERIOD, '_period')))].sort();
}

async function readOne<Row extends object>(statement: string): Promise<Row> {
  return (await sql.query<Row>(statement)).rows[0] as Row;
}

async function readAll(statement: string): Promise<unknown[]> {
  return (await sql.query<Record<string, unknown>>(statement)).rows;
}

/** The deliveries, with the state of pending ones. */
const STATES = `(
  SELECT id, deliveries.webhook_id, status, stage, wake_at, deliveries.created_at, finished_at,
    coalesce(pending_deliveries.attempt_count, deliveries.attempt_count) AS attempt_count
  FROM deliveries LEFT JOIN pending_deliveries ON delivery_id = id
) AS deliveries`;

test('the tables, indexes, constraints and triggers are those of an empty database', async () => {
  expect(await readSchema()).toEqual(schemaBefore);
});

test('the size is the requested one', async () => {
  const size = await readOne<Record<string, number>>(`
    SELECT (SELECT count(*)::int FROM partitions) AS partitions, (SELECT count(*)::int FROM events) AS events,
      (SELECT count(*)::int FROM webhooks) AS webhooks, (SELECT count(DISTINCT owner)::int FROM webhooks) AS owners,
      (SELECT count(*)::int FROM deliveries) AS deliveries`);
  const { partitions, events, webhooks, owners, deliveries } = SIZE;
  expect(size).toMatchObject({ partitions, events, webhooks, owners });
  expect(size['deliveries']).toBeGreaterThan(0.9 * deliveries);
  expect(size['deliveries']).toBeLessThan(1.1 * deliveries);
});

test('each period has events, and none of its rows is out of its time', async () => {
  expect(
    await readAll(`
      SELECT name FROM partitions WHERE NOT EXISTS (
        SELECT FROM events WHERE accepted_at < ends_at AND accepted_at >= coalesce(starts_at, '-infinity'))`),
  ).toEqual([]);
  expect(await readAll('SELECT FROM events WHERE accepted_at > now() OR timestamp > accepted_at')).toEqual([]);
});

test('maintenance has nothing to do', async () => {
  const tables = () => readAll('SELECT relname FROM pg_class WHERE relispartition ORDER BY relname');
  const before = await tables();
  const failures: unknown[] = [];
  const ran = new Set<string>();
  const maintenance = createMaintenance(
    database.pool,
    { retentionDays: SIZE.days, auditRetentionDays: 10 * SIZE.days },
    {
      hold: createTaskHold(database.pool),
      log: { warn: (_, details) => failures.push(details) },
      observe: ({ task }) => void ran.add(task),
    },
  );
  maintenance.start();
  await eventually(() => {
    expect([...ran].sort()).toEqual(['build indexes', 'keep partitions', 'remove old rows']);
  });
  await maintenance.stop();
  expect(failures).toEqual([]);
  expect(await tables()).toEqual(before);
});

test('each delivery has its event in the same period, and its webhook matches', async () => {
  expect(
    await readAll(`
      SELECT deliveries.id FROM deliveries
      LEFT JOIN events ON events.position = event_position AND events.id = event_id AND accepted_at = deliveries.created_at AND type = event_type
        AND substr(events.tableoid::regclass::text, 7) = substr(deliveries.tableoid::regclass::text, 11)
      LEFT JOIN webhooks ON webhooks.id = webhook_id AND webhooks.owner = deliveries.owner AND webhooks.created_at < accepted_at
        AND (webhooks.owner = events.owner OR events.owner IS NULL) AND event_types && ARRAY['*', type, split_part(type, '.', 1) || '.*']
      WHERE events.id IS NULL OR webhooks.id IS NULL OR deliveries.id < delivery_id_floor(accepted_at)
        OR deliveries.id >= delivery_id_floor(accepted_at + interval '1 ms')`),
  ).toEqual([]);
});

test('each enabled webhook that matches an event has one delivery of it', async () => {
  expect(
    await readAll(`
      SELECT events.id FROM events JOIN webhooks ON enabled AND (webhooks.owner = events.owner OR events.owner IS NULL)
        AND event_types && ARRAY['*', type, split_part(type, '.', 1) || '.*']
      LEFT JOIN deliveries ON event_id = events.id AND webhook_id = webhooks.id
      GROUP BY events.id, webhooks.id HAVING count(deliveries.id) <> 1`),
  ).toEqual([]);
});

test('each delivery has the attempts that it counts, and its state follows from the last one', async () => {
  expect(
    await readAll(`
      SELECT deliveries.id, status FROM ${STATES} LEFT JOIN attempts ON delivery_id = deliveries.id
      GROUP BY deliveries.id, status, stage, wake_at, created_at, finished_at, attempt_count
      HAVING count(number) <> attempt_count OR max(number) <> count(number) OR min(started_at) < created_at
        OR max(started_at + duration_ms * interval '1 ms') > finished_at
        OR (status = 'succeeded') <> (count(*) FILTER (WHERE number = attempt_count AND error_class IS NULL) = 1)
        OR (status = 'pending') <> (finished_at IS NULL) OR (status = 'pending') <> (stage IS NOT NULL)
        OR (stage IN ('admitted', 'backoff')) IS TRUE <> (wake_at IS NOT NULL)`),
  ).toEqual([]);
});

test('deliveries are in all states and stages, and the pending ones in the newest periods', async () => {
  expect(await readAll(`SELECT DISTINCT status, stage FROM ${STATES} ORDER BY status, stage`)).toEqual([
    { status: 'pending', stage: 'admitted' },
    { status: 'pending', stage: 'backoff' },
    { status: 'pending', stage: 'parked' },
    ...['succeeded', 'failed', 'cancelled', 'skipped'].map((status) => ({ status, stage: null })),
  ]);
  expect(
    await readAll(`
      SELECT id FROM deliveries WHERE status = 'pending' AND created_at < (SELECT min(starts_at) FROM (
        SELECT starts_at FROM partitions ORDER BY ends_at DESC LIMIT 2) AS newest)`),
  ).toEqual([]);
});

test('deliveries are skipped since their webhook was disabled by Tidings, and parked since it was paused', async () => {
  expect(
    await readAll(`
      SELECT deliveries.id FROM ${STATES} JOIN webhooks ON webhooks.id = webhook_id
      WHERE (status = 'skipped') <> coalesce(deliveries.created_at > disabled_at, false)
        OR (deliveries.created_at > paused_at AND stage IS DISTINCT FROM 'parked')
        OR (NOT enabled AND disabled_reason IS NULL AND deliveries.created_at > webhooks.updated_at)`),
  ).toEqual([]);
});

test('webhooks and pending deliveries are of the generations, and subscriptions the ones, that the triggers would have written', async () => {
  expect(
    await readAll(`
      SELECT id FROM webhooks LEFT JOIN pending_deliveries ON webhook_id = id
      WHERE webhooks.generation <> CASE WHEN enabled THEN 1 ELSE 2 END OR pending_deliveries.generation <> 1
        OR (delivery_id IS NOT NULL AND NOT enabled) OR superseded_status <>
          CASE WHEN disabled_reason IS NULL THEN 'cancelled' ELSE 'skipped' END::delivery_status`),
  ).toEqual([]);
  expect(
    await readAll(`
      (SELECT unnest(event_types) AS pattern, id FROM webhooks WHERE is_deliverable(webhooks) EXCEPT SELECT * FROM subscriptions)
      UNION ALL (SELECT * FROM subscriptions EXCEPT SELECT unnest(event_types), id FROM webhooks WHERE is_deliverable(webhooks))`),
  ).toEqual([]);
});

test('no webhook has more admitted deliveries than slots, or a parked delivery and a free slot', async () => {
  expect(
    await readAll(`
      SELECT webhooks.id FROM webhooks JOIN pending_deliveries ON webhook_id = webhooks.id GROUP BY webhooks.id
      HAVING count(*) FILTER (WHERE stage = 'admitted') > slots_of(webhooks)
        OR (count(*) FILTER (WHERE stage = 'parked') > 0 AND free_slots(webhooks) > 0)`),
  ).toEqual([]);
});

test('the audit log has the registration of each webhook, and later changes, in the order of their times', async () => {
  expect(await readAll('SELECT action, count(*)::int FROM audit_log GROUP BY action ORDER BY action')).toEqual([
    { action: 'webhook.created', count: SIZE.webhooks },
    {
      action: 'webhook.disabled',
      count: (await readOne<{ n: number }>('SELECT count(*)::int AS n FROM webhooks WHERE NOT enabled')).n,
    },
    { action: 'webhook.paused', count: (await readOne<{ n: number }>('SELECT count(paused_at)::int AS n FROM webhooks')).n },
  ]);
  expect(
    await readAll('SELECT FROM (SELECT at < lag(at) OVER (ORDER BY id) AS earlier FROM audit_log) AS entry WHERE earlier'),
  ).toEqual([]);
});

test('activity counts the attempts of the last week', async () => {
  const { minutes, owners, durations, attempts } = await readOne<
    Record<'minutes' | 'owners' | 'durations' | 'attempts', number>
  >(`
    SELECT (SELECT sum(attempts)::int FROM activity_minutes) AS minutes, (SELECT sum(attempts)::int FROM activity_owners) AS owners,
      (SELECT sum(count)::int FROM activity_minutes, unnest(durations) AS count) AS durations,
      (SELECT count(*)::int FROM attempts WHERE started_at > now() - interval '7 days') AS attempts`);
  expect(attempts).toBeGreaterThan(0);
  expect({ minutes, owners, durations }).toEqual({ minutes: attempts, owners: attempts, durations: attempts });
});

test('the next event that is accepted gets the next position', async () => {
  const event = { id: 'evt_next', type: 'sync.completed', owner: 'nobody', timestamp: '2026-03-01T00:00:00.000Z', data: '{}' };
  const { accepted } = await acceptEvents(database.pool, [[event]], { patterns: new Map(), wakeAfterMs: 1000 });
  expect(accepted).toEqual([{ id: 'evt_next', position: SIZE.events + 1 }]);
});

test('a database that has events is not filled', async () => {
  await expect(fillYear(sql, SIZE)).rejects.toThrow('has events or webhooks');
});
