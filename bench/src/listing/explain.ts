import { join } from 'node:path';
import { migrate, openDatabase, readDeliveries, type Database } from '@tidings/database';
import { startPostgres, temporaryFolder } from '@tidings/local';

const DELIVERIES = 1_000_000;
const WEBHOOKS = 200;
const PERIODS = 8;
const DAY_MS = 86_400_000;
const PAGE = 51;

/**
 * Prints PostgreSQL's plans for pages of one webhook's deliveries, among a million in nine partitions: the first page, a page
 * in the middle of the log, a page of one day, a page of the rare failures, and a page of the pending ones.
 */
export async function explainListing(): Promise<undefined> {
  const { folder, remove } = temporaryFolder();
  const postgres = await startPostgres({ folder: join(folder, 'postgres') });
  try {
    await migrate(postgres.url);
    const database = openDatabase({ url: postgres.url, statementTimeoutMs: 600_000 });
    const from = await seed(database);
    const middle = new Date(from.getTime() + 16 * DAY_MS);
    const page = { webhookId: 'wh_7', limit: PAGE };
    const { pool } = database;
    const pages = {
      'the first page': () => readDeliveries(pool, page),
      'a page after a cursor in the middle': () => readDeliveries(pool, { ...page, until: middle }),
      'a page of one day': () => readDeliveries(pool, { ...page, since: middle, until: new Date(middle.getTime() + DAY_MS) }),
      'failed deliveries, one in a thousand': () => readDeliveries(pool, { ...page, statuses: ['failed'] }),
      'pending deliveries, of which there are none': () => readDeliveries(pool, { ...page, statuses: ['pending'] }),
    };
    for (const [name, read] of Object.entries(pages)) {
      const { text, values } = await recordStatement(database, read);
      const { rows } = await database.pool.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) ${text}`,
        values,
      );
      console.log(`\n${name}:\n${rows.map((row) => `  ${row['QUERY PLAN']}`).join('\n')}`);
    }
    await database.close();
  } finally {
    await postgres.stop();
    remove();
  }
}

/** Adds eight partitions, spreads the deliveries evenly over all nine, and returns the time of the first delivery. */
async function seed({ pool }: Database): Promise<Date> {
  const { rows } = await pool.query<{ end: Date }>('SELECT max(ends_at) AS end FROM partitions');
  let end = rows[0]?.end ?? new Date();
  const from = new Date(end.getTime() - DAY_MS);
  for (let period = 0; period < PERIODS; period += 1) {
    const next = new Date(end.getTime() + 4 * DAY_MS);
    await pool.query('SELECT add_partition($1, $2, $3)', [`period_${String(period)}`, end, next]);
    end = next;
  }
  const spread = (end.getTime() - from.getTime()) / DELIVERIES;
  await pool.query(
    `INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, attempt_count, created_at, finished_at)
     SELECT new_delivery_id(at), 'evt_' || n, n, 'wh_' || n % $3::int, 'user_' || n % $3::int, 'sync.completed',
       CASE WHEN n % 1009 = 0 THEN 'failed' ELSE 'succeeded' END::delivery_status, 1, at, at
     FROM generate_series(0, $1::int - 1) AS n, LATERAL (SELECT $2::timestamptz + n * $4::float8 * interval '1 ms' AS at) AS time`,
    [DELIVERIES, from, WEBHOOKS, spread],
  );
  await pool.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
     SELECT 'wh_' || n, 'user_' || n, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(0, $1::int - 1) AS n`,
    [WEBHOOKS],
  );
  await pool.query('ANALYZE deliveries, pending_deliveries, webhooks');
  return from;
}

/** Returns the statement of a read. */
async function recordStatement({ pool }: Database, read: () => Promise<unknown>): Promise<{ text: string; values: unknown[] }> {
  const sent: { text: string; values: unknown[] }[] = [];
  const original = pool.query.bind(pool) as (...input: unknown[]) => unknown;
  pool.query = ((...input: unknown[]) => {
    const [statement, values] = input as [string | { text: string; values?: unknown[] }, unknown[] | undefined];
    sent.push(
      typeof statement === 'string'
        ? { text: statement, values: values ?? [] }
        : { text: statement.text, values: values ?? statement.values ?? [] },
    );
    return original(...input);
  }) as typeof pool.query;
  await read();
  pool.query = original as typeof pool.query;
  const [statement] = sent;
  if (!statement) throw new Error('The read sent no statement through the pool.');
  return statement;
}
