import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { listEvents, type EventFilter } from './list-events.js';
import { LOOKED_AT } from './looked-at.js';
import { readDeliveries, type DeliveryFilter } from './read-deliveries.js';
import { readEvents, readOwnerEvents, type LogRange } from './read-events.js';
import { readWebhookStats } from './read-webhook-stats.js';
import { readReplayChunk } from './replay-deliveries.js';

// Each view of the log has more events than one page looks at, and every 7,000th is of a rare type.
const EVENTS = 80_000;
const RARE = 7000;
/**
 * No page reads more rows: those of two views, once to find where the page ends, and once to filter them. Where a view has a large
 * part of all events, PostgreSQL reads the others between them as well.
 */
const MAX_ROWS = 6 * LOOKED_AT;

let log: TestLog;
let database: Database;
let all: { id: string; owner: string | null }[];
beforeAll(async () => {
  log = await openLog();
  // A prepared statement belongs to its connection.
  database = openDatabase({ url: log.url, maxConnections: 1 });
  await log.addWebhook('wh_busy', { owner: 'alice' });
  await log.addWebhook('wh_idle', { owner: 'alice' });
  await log.pool.query(
    `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_' || n, CASE WHEN n % $2 < 3 THEN 'rare.type' ELSE 'sync.completed' END, (ARRAY['alice', NULL, 'bob'])[1 + n % 3], '{}', at, at
     FROM (SELECT n, now() - ($1::int - n) * interval '1 ms' AS at FROM generate_series(1, $1::int) AS n) AS event`,
    [EVENTS, RARE],
  );
  await log.pool.query(
    `WITH logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at, finished_at)
       SELECT new_delivery_id(accepted_at), id, position, 'wh_busy', 'alice', type,
         (CASE WHEN position > 40000 THEN 'pending' WHEN type = 'rare.type' THEN 'failed' ELSE 'succeeded' END)::delivery_status,
         accepted_at, CASE WHEN position <= 40000 THEN accepted_at END
       FROM events ORDER BY position RETURNING *
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, next_attempt_at)
     SELECT id, 'wh_busy', 1, event_position, created_at, (ARRAY['parked', 'backoff'])[1 + event_position % 2]::delivery_stage, 0, now()
     FROM logged WHERE status = 'pending'`,
  );
  await log.pool.query('VACUUM (ANALYZE) events, deliveries, pending_deliveries');
  const { rows } = await log.pool.query<{ id: string; owner: string | null }>(
    "SELECT id, owner FROM events WHERE type = 'rare.type' ORDER BY position",
  );
  all = rows;
});
afterAll(async () => {
  await database.close();
  await log.close();
});

interface PlanNode {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

/** Returns the number of rows that a plan reads from tables and their indexes. */
function rowsOf(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + rowsOf(plan), 0);
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return below + (node['Relation Name'] === undefined ? 0 : own);
}

/** Runs a read, and checks the number of rows that its statement reads. */
async function bounded<T>(read: (sql: Queryable) => Promise<T>): Promise<T> {
  let most = 0;
  const query = async (statement: { text: string; values: unknown[] }) => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`,
      statement.values,
    );
    most = Math.max(most, rowsOf((rows[0] as (typeof rows)[number])['QUERY PLAN'][0].Plan));
    return database.pool.query(statement);
  };
  const result = await read({ query } as unknown as Queryable);
  expect(most).toBeLessThan(MAX_ROWS);
  return result;
}

const types = ['rare.type'];
const visibleTo = (owner: string | null) =>
  all.filter((event) => owner === null || event.owner === null || event.owner === owner);
const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe.each(['alice', 'nobody', null])('pages of a rare type, seen by %s,', (owner) => {
  test('are read to the end of the log, each among a bounded number of events', async () => {
    const found: string[] = [];
    let after: number | null = 0;
    for (let pages = 0; after !== null && pages < 20; pages += 1) {
      const range: LogRange = { after, types, limit: 2 };
      const page = await bounded((sql) => (owner === null ? readEvents(sql, range) : readOwnerEvents(sql, owner, range)));
      found.push(...ids(page.events));
      after = page.next;
    }
    expect([found, after]).toEqual([ids(visibleTo(owner)), null]);
  });

  test.each(['asc', 'desc'] as const)('are listed in both orders: %s', async (order) => {
    const position = async (id: string) =>
      Number((await log.pool.query<{ position: string }>('SELECT position FROM events WHERE id = $1', [id])).rows[0]?.position);
    const found: string[] = [];
    let cursor: number | undefined;
    let isLast = false;
    for (let pages = 0; !isLast && pages < 20; pages += 1) {
      const filter: EventFilter = { owner, types, limit: 2, maxBytes: 1_000_000, order, cursor };
      const { events, lookedAt } = await bounded((sql) => listEvents(sql, filter));
      found.push(...ids(events));
      const last = events.length === 2 ? events[1]?.id : lookedAt;
      isLast = typeof last !== 'string';
      if (typeof last === 'string') cursor = await position(last);
    }
    const expected = ids(visibleTo(owner));
    expect([found, isLast]).toEqual([order === 'asc' ? expected : expected.reverse(), true]);
  });
});

describe("pages of a webhook's deliveries", () => {
  /** Reads all pages, and returns the positions of their deliveries. */
  const readAll = async (filter: Partial<DeliveryFilter>) => {
    const found: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await bounded((sql) => readDeliveries(sql, { webhookId: 'wh_busy', limit: 2, cursor, ...filter }));
      found.push(...page.deliveries.map(({ eventId }) => eventId));
      const last = page.deliveries.length === 2 ? page.deliveries[1]?.id : page.lookedAt;
      if (typeof last !== 'string') return found;
      cursor = last;
    }
    throw new Error('The pages have no end.');
  };
  const among = (pending: boolean) => ids(all).filter((id) => Number(id.slice(4)) > 40_000 === pending);

  test('of a rare status are read to the end, each among a bounded number of deliveries', async () => {
    expect(await readAll({ statuses: ['failed'] })).toEqual(among(false).reverse());
    expect(await readAll({ statuses: ['skipped'] })).toEqual([]);
  });

  test('of a rare type as well, in every status', async () => {
    expect(await readAll({ eventTypes: types })).toEqual(ids(all).reverse());
    expect(await readAll({ eventTypes: types, statuses: ['pending'] })).toEqual(among(true).reverse());
    expect(await readAll({ eventTypes: ['nothing.here'], statuses: ['pending'] })).toEqual([]);
  });

  test('are replayed in chunks, each found among a bounded number of deliveries', async () => {
    const filter = { webhookId: 'wh_busy', since: new Date(0), until: null, statuses: ['failed', 'succeeded'] as const, types };
    await bounded((sql) => readReplayChunk(sql, filter, ''));
    const chunks = await planReplay(log.pool, filter);
    expect(chunks.reduce((sum, { count }) => sum + count, 0)).toBe(among(false).length);
    const [first] = await planReplay(log.pool, { ...filter, types: null });
    expect(first).toMatchObject({ count: 1000, firstPosition: '1', lastPosition: '1000' });
  });
});

describe('where one webhook has most deliveries', () => {
  /** Returns the number of rows that the statement of a read reads with its generic plan, which the pool's sessions take. */
  const rowsOfGenericPlan = async (read: (sql: Queryable) => Promise<unknown>): Promise<number> => {
    let statement = { text: '', values: [] as (string | number | readonly string[] | null | undefined)[] };
    const record = (sent: typeof statement) => {
      statement = sent;
      return Promise.resolve({ rows: [{ series: [] }] });
    };
    await read({ query: record } as unknown as Queryable);
    const literals = statement.values.map((value) =>
      value === null || value === undefined ? 'NULL' : `'${typeof value === 'object' ? `{${value.join(',')}}` : String(value)}'`,
    );
    await database.pool.query(`PREPARE skewed AS ${statement.text}`);
    const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE skewed(${literals.join(', ')})`,
    );
    await database.pool.query('DEALLOCATE skewed');
    return rowsOf((rows[0] as (typeof rows)[number])['QUERY PLAN'][0].Plan);
  };

  const replayed = { since: new Date(0), until: null, statuses: ['failed'] as const, types: null };
  test.each<[string, (sql: Queryable, webhookId: string) => Promise<unknown>, number]>([
    ['a page', (sql, webhookId) => readDeliveries(sql, { webhookId, limit: 50 }), 300],
    ['a page with a filter', (sql, webhookId) => readDeliveries(sql, { webhookId, limit: 50, statuses: ['failed'] }), MAX_ROWS],
    ['a chunk of a replay', (sql, webhookId) => readReplayChunk(sql, { ...replayed, webhookId }, ''), MAX_ROWS],
    ['statistics', (sql, webhookId) => readWebhookStats(sql, [webhookId]), MAX_ROWS],
  ])('those of another one are found without it: %s', async (_what, read, mostOfBusy) => {
    expect(await rowsOfGenericPlan((sql) => read(sql, 'wh_idle'))).toBeLessThan(50);
    expect(await rowsOfGenericPlan((sql) => read(sql, 'wh_busy'))).toBeLessThan(mostOfBusy);
  });
});
