import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLog, type TestLog } from '../../test/log.js';
import type { Queryable } from '../database.js';
import { dropActivity } from './activity.js';
import { removeEarlierLineStarts } from './advance-line-starts.js';
import { forgetRegistrations } from './forget-registrations.js';
import { removeAuditEntries } from './remove-audit-entries.js';
import { removeIdempotencyKeys } from './remove-idempotency-keys.js';
import { removeNotices } from './remove-notices.js';
import { removeEndedRevocations } from './revocations.js';
import { dropWebhookHours } from './webhook-hours.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());

const MANY = 10_001;
type CleanUp = (sql: Queryable, isStopping?: () => boolean) => Promise<unknown>;

/** Each clean-up: its table, two columns and values that name 10,001 old rows (`n`), and those of a row that stays. */
const CLEAN_UPS: [string, { columns: string; old: string; young: string; remove: CleanUp }][] = [
  [
    'audit_log',
    {
      columns: 'at, actor, action, details',
      old: "now() - interval '366 days', 'olga', 'n', '{}'",
      young: "now() - interval '364 days', 'olga', 'n', '{}'",
      remove: (sql, isStopping) => removeAuditEntries(sql, 365, isStopping),
    },
  ],
  [
    'idempotency_keys',
    {
      columns: 'owner, key, digest, created_at',
      old: "'alice', n, '', now() - interval '31 days'",
      young: "'bob', n, '', now() - interval '29 days'",
      remove: (sql, isStopping) => removeIdempotencyKeys(sql, 30, isStopping),
    },
  ],
  [
    'registration_keys',
    {
      columns: 'owner, key, digest, webhook_id, sealed_answer, created_at',
      old: "'alice', n, '', 'wh', '', now() - interval '25 hours'",
      young: "'bob', n, '', 'wh', '', now() - interval '23 hours'",
      remove: forgetRegistrations,
    },
  ],
  [
    'revocations',
    {
      columns: 'kind, subject, ends_at',
      old: "'token', n, now() - interval '25 hours'",
      young: "'owner', n, NULL",
      remove: removeEndedRevocations,
    },
  ],
  [
    'activity_owners',
    {
      columns: 'period, owner, attempts, failed, busy_ms',
      old: "now() - interval '8 days', n, 1, 0, 1",
      young: "now() - interval '6 days', n, 1, 0, 1",
      remove: (sql, isStopping) => dropActivity(sql, 7, isStopping),
    },
  ],
  [
    'activity_minutes',
    {
      columns: 'minute, outcome, attempts',
      old: "now() - interval '8 days', n, 1",
      young: "now() - interval '6 days', n, 1",
      remove: (sql, isStopping) => dropActivity(sql, 7, isStopping),
    },
  ],
  [
    'webhook_hours',
    {
      columns: 'webhook_id, hour, event_type, status_class, attempts',
      old: "n, 1, 'sync.completed', '2xx', 1",
      young: "n, 1000000, 'sync.completed', '2xx', 1",
      remove: (sql, isStopping) => dropWebhookHours(sql, 35, isStopping),
    },
  ],
  [
    'expiry_notices',
    { columns: 'period, webhook_id', old: "'dropped_' || n::int / 10001, n", young: "'first', n", remove: removeNotices },
  ],
  [
    'line_starts',
    { columns: 'webhook_id, position', old: "'gone_' || n, 1", young: "'wh_one', 1", remove: removeEarlierLineStarts },
  ],
];

describe.each(CLEAN_UPS)('of %s,', (table, { columns, old, young, remove }) => {
  /** How many rows each statement deleted. */
  let deleted: number[];
  const left = async () => (await log.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).rows[0]?.n ?? 0;
  const counting = {
    query: async (statement: object) => {
      const before = await left();
      const result: unknown = await log.pool.query(statement as { text: string });
      deleted.push(before - (await left()));
      return result;
    },
  } as unknown as Queryable;
  const add = (values: string, count: number) =>
    log.pool.query(
      `INSERT INTO ${table} (${columns}) SELECT ${values} FROM (SELECT n::text FROM generate_series(1, ${String(count)}) AS n) AS row`,
    );

  beforeEach(async () => {
    await log.clear();
    await log.addWebhook('wh_one');
    await log.pool.query(`TRUNCATE ${table}; UPDATE partitions SET starts_at = now() - interval '30 days'`);
    deleted = [];
    await add(old, MANY);
    await add(young, 1);
  });

  test('all old rows are removed, at most 5,000 by a statement, and young ones stay', async () => {
    await remove(counting);
    expect(Math.max(...deleted)).toBe(5000);
    expect(deleted.reduce((sum, count) => sum + count)).toBe(MANY);
    expect(await left()).toBe(1);
  });

  test('no further batch is removed when the process stops', async () => {
    await remove(counting, () => deleted.some((count) => count > 0));
    expect(await left()).toBe(MANY + 1 - 5000);
  });
});

test('an entry of the audit log stays while one before it is young', async () => {
  await log.pool.query('TRUNCATE audit_log');
  const add = (days: number) =>
    log.pool.query(
      "INSERT INTO audit_log (at, actor, action, details) VALUES (now() - make_interval(days => $1), 'olga', 'n', '{}')",
      [days],
    );
  for (const days of [300, 400]) await add(days);
  expect(await removeAuditEntries(log.pool, 365)).toBe(0);
  expect(await removeAuditEntries(log.pool, 299)).toBe(2);
});
