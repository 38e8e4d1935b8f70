import type pg from 'pg';
import { addWebhooks } from '../add-webhooks.js';
import { measureAlternately, type Variant } from '../measure.js';
import { report, type Report } from '../report.js';
import { withServers, type BenchOptions, type Servers } from '../servers.js';
import { startMeasuredTidings, startReceiver, type Receiver } from '../measured-tidings.js';

const DELIVERIES = 5000;

interface Size {
  name: string;
  /** Owners with events, each with one webhook. */
  owners: number;
  /** Webhooks without events. */
  otherWebhooks?: number;
  /** Earlier deliveries in the log. */
  history?: number;
  workers?: number;
  /** Whether attempts lack the index of hours, by which they are counted. */
  withoutHours?: boolean;
  /** Whether the database is the copy of that of a year. */
  year?: boolean;
}

const SIZES: Size[] = [
  { name: '100 owners, 10,000 earlier deliveries', owners: 100, history: 10_000 },
  { name: 'with 1,000,000 earlier deliveries', owners: 100, history: 1_000_000 },
  { name: 'with 100,000 more webhooks', owners: 100, history: 10_000, otherWebhooks: 100_000 },
  { name: 'with one owner', owners: 1, history: 10_000 },
  { name: 'with 10,000 owners', owners: 10_000, history: 10_000 },
  { name: 'without the index of hours', owners: 100, history: 10_000, withoutHours: true },
  { name: 'with two workers', owners: 100, history: 10_000, workers: 2 },
];

const SIZES_ON_YEAR: Size[] = [
  { name: '100 owners, 10,000 earlier deliveries', owners: 100, history: 10_000 },
  { name: '100 owners, the database of a year', owners: 100, year: true },
];

/**
 * Measures the cost of a delivery with a larger log, with more webhooks, with fewer and more owners, and with a second worker,
 * each in its own database. On the database of a year it compares that one with a small one.
 */
export async function benchGrowth(rounds: number, options: BenchOptions): Promise<Report> {
  return withServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const variants: Variant[] = [];
    const sizes = options.year ? SIZES_ON_YEAR : SIZES;
    for (const [index, size] of sizes.entries())
      variants.push(await variantOf(servers, receiver, size, `tidings_size_${String(index)}`));
    return report('Cost of a delivery at different sizes', 'deliveries/s', await measureAlternately(variants, rounds));
  }, options);
}

async function variantOf(servers: Servers, receiver: Receiver, size: Size, name: string): Promise<Variant> {
  const tidings = await startMeasuredTidings(
    { ...servers, databaseUrl: size.year ? servers.databaseUrl : await servers.addDatabase(name) },
    { prefix: `{${name}}`, workers: size.workers ?? 1, env: { WORKER_CONCURRENCY: '100' } },
  );
  const maxInFlight = Math.max(10, Math.ceil(100 / size.owners));
  await addWebhooks(
    tidings.sql,
    Array.from({ length: size.owners }, (_, owner) => ({
      id: `wh_${String(owner)}`,
      owner: ownerOf(owner),
      url: receiver.url,
      maxInFlight,
    })),
  );
  await addOtherWebhooks(tidings.sql, size.otherWebhooks ?? 0);
  await addHistory(tidings.sql, size.history ?? 0, size.owners);
  if (size.withoutHours) await tidings.sql.query('DROP INDEX attempts_hour_webhook_id_idx');
  await tidings.sql.query('VACUUM ANALYZE');
  const events = Array.from({ length: DELIVERIES }, (_, number) => ({
    type: 'sync.completed',
    data: { user_id: ownerOf(number % size.owners), items_synced: 1, errors: 0, duration_s: 1.5 },
  }));
  const workers = Object.fromEntries(tidings.workers.map(({ pid }, index) => [index === 0 ? 'worker' : 'second worker', pid]));
  return {
    name: size.name,
    pids: { api: tidings.api.pid, ...workers, postgresql: servers.postgresPid, redis: servers.redisPid },
    run: () => tidings.deliver(events, DELIVERIES, receiver),
  };
}

const ownerOf = (number: number): string => `user-${String(number)}`;

async function addOtherWebhooks(sql: pg.Client, count: number): Promise<void> {
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
     SELECT 'wh_other_' || n, 'other-' || n, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, $1::int) AS n`,
    [count],
  );
}

/** Inserts delivered events with their deliveries and attempts. */
async function addHistory(sql: pg.Client, count: number, owners: number): Promise<void> {
  await sql.query(
    `WITH event AS (
       INSERT INTO events (id, type, owner, data, timestamp)
       SELECT 'evt_' || n, 'sync.completed', 'user-' || n % $2::int, '{"user_id":"somebody","items_synced":1}', now()
       FROM generate_series(1, $1::int) AS n
       RETURNING id, position, owner, accepted_at
     ), delivery AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, attempt_count, created_at, finished_at)
       SELECT new_delivery_id(accepted_at), id, position, 'wh_' || substr(owner, 6), owner, 'sync.completed', 'succeeded', 1, accepted_at, accepted_at
       FROM event RETURNING id
     )
     INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, response_body)
     SELECT id, 1, now(), 12, 204, '' FROM delivery`,
    [count, owners],
  );
}
