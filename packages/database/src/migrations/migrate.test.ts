import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@tidings/testing';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openDatabase, type Database } from '../database.js';
import { claimDeliveries } from '../sql/claim-deliveries.js';
import { endSupersededNext } from '../sql/end-superseded.js';
import { recordAttempts } from '../sql/record-attempts.js';
import { difference } from './difference.js';
import { PRISMA_FOLDER } from './engine.js';
import { migrate } from './migrate.js';

describe('the migrations', () => {
  let empty: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    empty = await createTestDatabase('empty');
    database = openDatabase({ url: empty.url });
  });
  afterAll(async () => {
    await database.close();
    await empty.drop();
  });

  test('bring an empty database to schema.prisma, and are applied once', async () => {
    expect(await difference(empty.url)).toContain('CREATE TABLE "webhooks"');
    const applied = await migrate(empty.url);
    expect(applied[0]).toBe('20261124120000_init');
    expect(await difference(empty.url)).toBe('');
    expect(await migrate(empty.url)).toEqual([]);
  });

  test('differ from a database that was changed by hand', async () => {
    await database.pool.query('ALTER TABLE attempts DROP COLUMN error');
    expect(await difference(empty.url)).toContain('ADD COLUMN     "error" TEXT');
  });

  test('use the ordinary table of Prisma Migrate', async () => {
    const { rows } = await database.pool.query(
      'SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY started_at LIMIT 1',
    );
    expect(rows).toEqual([{ migration_name: '20261124120000_init', finished: true }]);
  });

  test('make delivery ids that are UUIDv7, in the order of time', async () => {
    const { rows } = await database.pool.query<{ id: string; ms: string }>(
      'SELECT new_delivery_id(clock_timestamp()) AS id, floor(extract(epoch FROM clock_timestamp()) * 1000) AS ms FROM generate_series(1, 100)',
    );
    for (const { id, ms } of rows) {
      expect(id).toMatch(/^dlv_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Math.abs(Number(ms) - parseInt(id.slice(4, 17).replace('-', ''), 16))).toBeLessThan(1000);
    }
  });
});

describe('a new migration', () => {
  let prismaFolder: string;
  let copy: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    prismaFolder = mkdtempSync(join(tmpdir(), 'tidings-prisma-'));
    cpSync(PRISMA_FOLDER, prismaFolder, { recursive: true });
    copy = await createTestDatabase();
    database = openDatabase({ url: copy.url });
  });
  afterEach(async () => {
    await database.close();
    await copy.drop();
    rmSync(prismaFolder, { recursive: true });
  });

  const add = (name: string, sql: string) => {
    mkdirSync(join(prismaFolder, 'migrations', name));
    writeFileSync(join(prismaFolder, 'migrations', name, 'migration.sql'), sql);
  };

  test('may contain semicolons in string literals, comments and function bodies', async () => {
    add(
      '29990101000000_semicolons',
      `-- One; two.
       CREATE TABLE notes (text TEXT DEFAULT 'a;b');
       CREATE FUNCTION note() RETURNS TEXT LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes DEFAULT VALUES; RETURN 'c;d'; END; $$;`,
    );
    expect(await migrate(copy.url, { prismaFolder })).toEqual(['29990101000000_semicolons']);
    expect((await database.pool.query('SELECT note()')).rows).toEqual([{ note: 'c;d' }]);
    expect((await database.pool.query('SELECT text FROM notes')).rows).toEqual([{ text: 'a;b' }]);
  });

  test('that fails is rolled back, and blocks later ones until it is resolved', async () => {
    add('29990101000000_fails', 'CREATE TABLE half_done (id INT); SELECT 1 / 0;');
    add('29990102000000_after', 'CREATE TABLE after (id INT);');
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow(/division by zero[^]*29990101000000_fails/);
    await expect(migrate(copy.url, { prismaFolder })).rejects.toThrow('`29990101000000_fails` migration');
    const { rows } = await database.pool.query("SELECT to_regclass('half_done') AS half_done, to_regclass('after') AS after");
    expect(rows).toEqual([{ half_done: null, after: null }]);
  });
});

/** Creates a database that has only the migrations before a time. */
async function createEarlierDatabase(time: string): Promise<TestDatabase> {
  const before = mkdtempSync(join(tmpdir(), 'tidings-prisma-'));
  cpSync(PRISMA_FOLDER, before, { recursive: true });
  for (const name of readdirSync(join(before, 'migrations'))) {
    if (/^\d/.test(name) && name >= time) rmSync(join(before, 'migrations', name), { recursive: true });
  }
  const earlier = await createTestDatabase('empty');
  await migrate(earlier.url, { prismaFolder: before });
  rmSync(before, { recursive: true });
  return earlier;
}

describe('the migrations that record publishers and kinds of actors', () => {
  test('write no row of the log or of the audit log again', async () => {
    const old = await createEarlierDatabase('20261201030000');
    const database = openDatabase({ url: old.url });
    await database.pool.query(`
      INSERT INTO events (id, type, data, timestamp) VALUES ('evt_1', 'a.b', '{}', now());
      INSERT INTO audit_log (actor, action, details) VALUES ('alice', 'webhook.changed', '{}')`);
    // The transaction that wrote a row, and the file of its table: a rewrite changes one of them.
    const rows = async () =>
      (
        await database.pool.query(`
          SELECT events.xmin::text, pg_relation_filenode(events.tableoid) AS file FROM events
          UNION ALL SELECT audit_log.xmin::text, pg_relation_filenode(audit_log.tableoid) FROM audit_log`)
      ).rows as unknown[];
    const before = await rows();
    expect(before).toHaveLength(2);
    await migrate(old.url);
    expect(await rows()).toEqual(before);
    await database.close();
    await old.drop();
  });
});

describe('the migration to a partitioned log', () => {
  test('keeps events in their order, deliveries in their stages, and attempts', async () => {
    const old = await createEarlierDatabase('20261125000000');
    const database = openDatabase({ url: old.url });
    const id = (n: number) => `dlv_01a20000-0000-7000-8000-00000000000${String(n)}`;
    await database.pool.query(`
      INSERT INTO webhooks (id, user_id, url, event_types, sealed_secret) VALUES ('wh_1', 'alice', 'https://example.com', '{*}', '');
      INSERT INTO events (id, type, data, timestamp, accepted_at) SELECT 'evt_' || n, 'a.b', '{"n": 1.0}', now(), now() FROM generate_series(1, 3) AS n;
      INSERT INTO deliveries (id, event_id, webhook_id, user_id, event_type, status, attempt_count, wake_at, finished_at) VALUES
        ('${id(1)}', 'evt_1', 'wh_1', 'alice', 'a.b', 'succeeded', 1, NULL, now()),
        ('${id(2)}', 'evt_2', 'wh_1', 'alice', 'a.b', 'pending', 1, now(), NULL),
        ('${id(3)}', 'evt_3', 'wh_1', 'alice', 'a.b', 'pending', 0, now(), NULL);
      INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code) VALUES ('${id(1)}', 1, now(), 5, 200)`);

    await migrate(old.url);
    const { rows } = await database.pool.query(`
      SELECT d.id, d.status::text, p.stage::text, p.priority, e.id AS event, e.data::text AS data, e.accepted_at = d.created_at AS together,
        (SELECT count(*)::int FROM attempts WHERE delivery_id = d.id) AS attempts
      FROM deliveries d JOIN events e ON e.position = d.event_position LEFT JOIN pending_deliveries p ON delivery_id = d.id ORDER BY e.position`);
    const common = { data: '{"n": 1.0}', together: true };
    expect(rows).toEqual([
      { id: id(1), status: 'succeeded', stage: null, priority: null, event: 'evt_1', attempts: 1, ...common },
      { id: id(2), status: 'pending', stage: 'backoff', priority: 1, event: 'evt_2', attempts: 0, ...common },
      { id: id(3), status: 'pending', stage: 'admitted', priority: 0, event: 'evt_3', attempts: 0, ...common },
    ]);
    const next = await database.pool.query(
      "INSERT INTO events (id, type, data, timestamp) VALUES ('evt_4', 'a.b', '{}', now()) RETURNING position",
    );
    expect(next.rows).toEqual([{ position: '4' }]);
    await database.close();
    await old.drop();
  });
});

describe('the migration to a table of pending deliveries', () => {
  const IN_FLIGHT = '00000000-0000-4000-8000-000000000001';
  const id = (n: number) => `dlv_01a20000-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`;
  /** The deliveries of the released version, by their numbers: [webhook, the columns that differ from a new admitted one]. */
  const DELIVERIES: [string, string, Record<string, string>][] = [
    ['admitted', 'wh_1', {}],
    ['leased', 'wh_1', { lease_token: `'${IN_FLIGHT}'`, wake_at: "now() + interval '60 s'" }],
    ['leased by a worker that crashed', 'wh_1', { lease_token: 'gen_random_uuid()', wake_at: "now() - interval '60 s'" }],
    [
      'backoff',
      'wh_1',
      {
        stage: "'backoff'",
        priority: '1',
        attempt_count: '3',
        next_attempt_at: "now() + interval '100 s'",
        wake_at: "now() + interval '115 s'",
      },
    ],
    ['parked', 'wh_1', { stage: "'parked'", wake_at: 'NULL' }],
    [
      'replay',
      'wh_1',
      { stage: "'parked'", wake_at: 'NULL', priority: '2', replay: 'true', attempt_count: '5', prior_attempts: '5' },
    ],
    [
      'cancelled under way',
      'wh_off',
      {
        status: "'cancelled'",
        lease_token: 'gen_random_uuid()',
        wake_at: "now() + interval '60 s'",
        next_attempt_at: 'NULL',
        finished_at: 'now()',
      },
    ],
    [
      'retried under way',
      'wh_1',
      {
        stage: "'backoff'",
        priority: '2',
        replay: 'true',
        lease_token: 'gen_random_uuid()',
        wake_at: "now() + interval '120 s'",
      },
    ],
    [
      'replayed for later under way',
      'wh_1',
      {
        stage: "'backoff'",
        priority: '2',
        replay: 'true',
        lease_token: 'gen_random_uuid()',
        next_attempt_at: "now() + interval '1 h'",
        wake_at: "now() + interval '1 h'",
      },
    ],
    [
      'fifo between attempts',
      'wh_fifo',
      { attempt_count: '1', next_attempt_at: "now() + interval '100 s'", wake_at: "now() + interval '115 s'" },
    ],
    ['fifo behind it', 'wh_fifo', { stage: "'parked'", wake_at: 'NULL' }],
    ['disabled by Tidings', 'wh_failing', {}],
    ['deleted', 'wh_deleted', { stage: "'parked'", wake_at: 'NULL' }],
    [
      'succeeded',
      'wh_1',
      {
        status: "'succeeded'",
        stage: 'NULL',
        wake_at: 'NULL',
        next_attempt_at: 'NULL',
        attempt_count: '2',
        finished_at: 'now()',
      },
    ],
    [
      'cancelled',
      'wh_off',
      { status: "'cancelled'", stage: 'NULL', wake_at: 'NULL', next_attempt_at: 'NULL', finished_at: 'now()' },
    ],
  ];
  const nameOf = (delivery: string) => DELIVERIES[Number(delivery.slice(-2)) - 1]?.[0];
  let earlier: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    earlier = await createEarlierDatabase('20261129183000');
    database = openDatabase({ url: earlier.url });
    await database.pool.query(`
      INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, ordering, enabled, disabled_reason, max_in_flight) VALUES
        ('wh_1', 'alice', 'https://example.com', '{*, sync.*}', '', 'unordered', true, NULL, 20),
        ('wh_fifo', 'alice', 'https://example.com', '{*}', '', 'fifo', true, NULL, 20),
        ('wh_off', 'alice', 'https://example.com', '{*}', '', 'unordered', false, NULL, 20),
        ('wh_failing', 'alice', 'https://example.com', '{*}', '', 'unordered', false, 'failing', 20);
      INSERT INTO events (id, type, data, timestamp) SELECT 'evt_' || n, 'a.b', '{}', now() FROM generate_series(1, ${String(DELIVERIES.length)}) AS n`);
    for (const [index, [, webhook, columns]] of DELIVERIES.entries()) {
      const defaults = { status: "'pending'", stage: "'admitted'", next_attempt_at: 'now()', wake_at: "now() + interval '15 s'" };
      const row = { ...defaults, ...columns };
      await database.pool.query(
        `INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, created_at, ${Object.keys(row).join(', ')})
         SELECT $1, id, position, $2, 'alice', type, accepted_at, ${Object.values(row).join(', ')} FROM events WHERE id = $3`,
        [id(index + 1), webhook, `evt_${String(index + 1)}`],
      );
    }
    await migrate(earlier.url);
  });
  afterAll(async () => {
    await database.close();
    await earlier.drop();
  });

  test('keeps each delivery that is pending or under way, with its lease, its times and its place', async () => {
    const { rows } = await database.pool.query<Record<string, unknown> & { id: string }>(`
      SELECT delivery_id AS id, p.webhook_id, generation, p.event_position = d.event_position AND p.created_at = d.created_at AS placed,
        stage::text, priority, p.attempt_count, prior_attempts, p.replay, lease_token IS NOT NULL AS leased, ended, again,
        5 * round(extract(epoch FROM next_attempt_at - now()) / 5)::int AS next_attempt_in,
        5 * round(extract(epoch FROM wake_at - now()) / 5)::int AS wake_in, 5 * round(extract(epoch FROM leased_until - now()) / 5)::int AS leased_for
      FROM pending_deliveries p JOIN deliveries d ON d.id = delivery_id ORDER BY delivery_id`);
    const admitted = {
      webhook_id: 'wh_1',
      generation: 1,
      placed: true,
      stage: 'admitted',
      priority: 0,
      attempt_count: 0,
      prior_attempts: 0,
      replay: false,
      leased: false,
      ended: false,
      again: false,
      next_attempt_in: 0,
      wake_in: 15,
      leased_for: null,
    };
    const leasedFor = (seconds: number) => ({ leased: true, wake_in: seconds, leased_for: seconds });
    const replay = { priority: 2, replay: true };
    expect(rows.map(({ id: delivery, ...row }) => ({ name: nameOf(delivery), ...row }))).toEqual([
      { name: 'admitted', ...admitted },
      { name: 'leased', ...admitted, ...leasedFor(60) },
      { name: 'leased by a worker that crashed', ...admitted, ...leasedFor(-60) },
      { name: 'backoff', ...admitted, stage: 'backoff', priority: 1, attempt_count: 3, next_attempt_in: 100, wake_in: 115 },
      { name: 'parked', ...admitted, stage: 'parked', wake_in: null },
      { name: 'replay', ...admitted, ...replay, stage: 'parked', wake_in: null, attempt_count: 5, prior_attempts: 5 },
      { name: 'cancelled under way', ...admitted, ...leasedFor(60), webhook_id: 'wh_off', ended: true },
      { name: 'retried under way', ...admitted, ...replay, ...leasedFor(120), again: true },
      { name: 'replayed for later under way', ...admitted, ...replay, ...leasedFor(120), again: true, next_attempt_in: 3600 },
      {
        name: 'fifo between attempts',
        ...admitted,
        webhook_id: 'wh_fifo',
        stage: 'backoff',
        attempt_count: 1,
        next_attempt_in: 100,
        wake_in: 115,
      },
      { name: 'fifo behind it', ...admitted, webhook_id: 'wh_fifo', stage: 'parked', wake_in: null },
      { name: 'disabled by Tidings', ...admitted, webhook_id: 'wh_failing' },
      { name: 'deleted', ...admitted, webhook_id: 'wh_deleted', stage: 'parked', wake_in: null },
    ]);
  });

  test('keeps the log', async () => {
    const { rows } = await database.pool.query<{ status: string; count: number }>(
      'SELECT status::text, count(*)::int AS count FROM deliveries GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([
      { status: 'cancelled', count: 2 },
      { status: 'pending', count: 12 },
      { status: 'succeeded', count: 1 },
    ]);
  });

  test('derives the subscriptions of the webhooks that get deliveries', async () => {
    const { rows } = await database.pool.query('SELECT pattern, webhook_id AS id FROM subscriptions ORDER BY 1, 2');
    expect(rows).toEqual([
      { pattern: '*', id: 'wh_1' },
      { pattern: '*', id: 'wh_failing' },
      { pattern: '*', id: 'wh_fifo' },
      { pattern: 'sync.*', id: 'wh_1' },
    ]);
  });

  test('lets a request under way be recorded, and a fifo delivery wait for the one before it', async () => {
    const claim = (...numbers: number[]) =>
      claimDeliveries(database.pool, numbers.map(id), { leaseMs: 60_000, wakeAfterMs: 15_000 });
    expect(await claim(11)).toEqual([]);
    expect(await claim(2, 8)).toEqual([]);
    const lease = { id: id(2), leaseToken: IN_FLIGHT, url: 'https://example.com', slowDowns: 0 };
    const { held } = await recordAttempts(database.pool, [succeeded(lease)], { wakeAfterMs: 15_000, health: HEALTH });
    expect([...held.keys()]).toEqual([IN_FLIGHT]);
    expect((await claim(1, 3)).map(({ state }) => state)).toEqual(['claimed', 'claimed']);
  });

  test('ends what is pending for webhooks that were disabled or deleted before, as cancelled or skipped', async () => {
    while ((await endSupersededNext(database.pool)) !== null);
    const { rows } = await database.pool.query<{ id: string; status: string }>(
      "SELECT id, status::text FROM deliveries WHERE webhook_id IN ('wh_failing', 'wh_deleted') ORDER BY id",
    );
    expect(rows.map((row) => [nameOf(row.id), row.status])).toEqual([
      ['disabled by Tidings', 'skipped'],
      ['deleted', 'cancelled'],
    ]);
  });
});
