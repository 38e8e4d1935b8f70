import { join } from 'node:path';
import { deliveryIdFloor, migrate, openDatabase, type Database } from '@tidings/database';
import { startPostgres, temporaryFolder } from '@tidings/local';

const DELIVERIES = 1_000_000;
const WEBHOOKS = 200;
const PERIODS = 8;
const DAY_MS = 86_400_000;
const PAGE = 51;

/**
 * Prints PostgreSQL's plans for pages of one webhook's deliveries, among a million in nine partitions: the first page, a page
 * in the middle of the log, a page of one day, and a page of the rare failures.
 */
export async function explainListing(): Promise<undefined> {
  const { folder, remove } = temporaryFolder();
  const postgres = await startPostgres({ folder: join(folder, 'postgres') });
  try {
    await migrate(postgres.url);
    const database = openDatabase({ url: postgres.url, statementTimeoutMs: 600_000 });
    const from = await seed(database);
    const middle = new Date(from.getTime() + 16 * DAY_MS);
    const page = { take: PAGE, orderBy: { id: 'desc' } } as const;
    const where = { webhookId: 'wh_7' };
    const pages = {
      'the first page': () => database.prisma.delivery.findMany({ where, ...page }),
      'a page after a cursor in the middle': () =>
        database.prisma.delivery.findMany({ where: { ...where, id: { lt: deliveryIdFloor(middle) } }, ...page }),
      'a page of one day': () =>
        database.prisma.delivery.findMany({
          where: { ...where, id: { gte: deliveryIdFloor(middle), lt: deliveryIdFloor(new Date(middle.getTime() + DAY_MS)) } },
          ...page,
        }),
      'failed deliveries, one in a thousand': () =>
        database.prisma.delivery.findMany({ where: { ...where, status: { in: ['failed'] } }, ...page }),
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
  await pool.query('ANALYZE deliveries');
  return from;
}

/** Returns the statement that Prisma sends for a read. */
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
  if (!statement) throw new Error('Prisma sent no statement through the pool.');
  return statement;
}
