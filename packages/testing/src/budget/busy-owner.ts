import type { Database } from '@tidings/database';
import type { CostlyIds } from '@tidings/testing';
import type { TestApi } from './start-api.js';

/** How much there is: more rows than any request may read. */
export const BUSY = { events: 60_000, largeEvents: 200, attemptsOfOne: 1000, otherWebhooks: 20_000, webhooks: 5 };

const LARGE_EVENT_BYTES = 250_000;

/**
 * Gives owners as much as owners can have: each has an old webhook whose deliveries of all events are ended or pending in equal parts,
 * one delivery with many attempts, and large events at the end of the log. There are many webhooks of others, too.
 */
export async function createBusyOwners(api: TestApi, owners: readonly string[]): Promise<Map<string, CostlyIds>> {
  const { pool } = api.database;
  const webhooks: string[] = [];
  for (const owner of owners) {
    const ids: string[] = [];
    for (let count = 0; count < BUSY.webhooks; count += 1) {
      const { body } = await api.as(owner).post('/api/webhooks').send({ url: 'https://example.com/' });
      ids.push((body as { id: string }).id);
    }
    webhooks.push(String(ids[0]));
  }
  await addEvents(pool, owners);
  const result = new Map<string, CostlyIds>();
  for (const [index, owner] of owners.entries()) result.set(owner, await addDeliveries(pool, owner, String(webhooks[index])));
  await pool.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
     SELECT 'wh_0' || n, 'other_' || n, 'http://127.0.0.1:9/', '{gaps.updated}', '\\x00' FROM generate_series(1, $1::int) AS n`,
    [BUSY.otherWebhooks],
  );
  await pool.query('VACUUM (ANALYZE)');
  await withoutAutovacuum(pool);
  return result;
}

type Pool = Database['pool'];

async function addEvents(pool: Pool, owners: readonly string[]): Promise<void> {
  await pool.query(
    `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_' || n, 'sync.completed', CASE n % 3 WHEN 0 THEN NULL ELSE ($2::text[])[1 + n % cardinality($2)] END, '{"a":1}', at, at
     FROM (SELECT n, now() - ($1::int - n) * interval '1 ms' AS at FROM generate_series(1, $1::int) AS n) AS event`,
    [BUSY.events, owners],
  );
  await pool.query(
    `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_large' || n, 'sync.failed', NULL, json_build_object('a', (SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, $2::int / 32) AS i)), now(), now()
     FROM generate_series(1, $1::int) AS n`,
    [BUSY.largeEvents, LARGE_EVENT_BYTES],
  );
}

async function addDeliveries(pool: Pool, owner: string, webhook: string): Promise<CostlyIds> {
  await pool.query(
    `WITH logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at, finished_at)
       SELECT new_delivery_id(accepted_at), id, position, $1, $2, type,
         (CASE WHEN position % 2 = 0 THEN 'pending' ELSE 'succeeded' END)::delivery_status, accepted_at, CASE WHEN position % 2 = 1 THEN accepted_at END
       FROM events ORDER BY position RETURNING *
     ), tried AS (
       INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, hour, webhook_id, response_body)
       SELECT id, 1, created_at, 1, 200, floor(extract(epoch FROM created_at) / 3600), $1, 'ok' FROM logged WHERE status = 'succeeded'
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, next_attempt_at)
     SELECT id, $1, (SELECT generation FROM webhooks WHERE id = $1), event_position, created_at, 'backoff', 0, now() + interval '1 day'
     FROM logged WHERE status = 'pending'`,
    [webhook, owner],
  );
  const of = async (status: string) => {
    const { rows } = await pool.query<{ id: string; event_id: string }>(
      'SELECT id, event_id FROM deliveries WHERE webhook_id = $1 AND status = $2::delivery_status ORDER BY id LIMIT 1',
      [webhook, status],
    );
    return rows[0] as (typeof rows)[number];
  };
  const [ended, pending] = [await of('succeeded'), await of('pending')];
  await pool.query(
    `INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, hour, webhook_id, response_body)
     SELECT $1, n, now(), 1, 500, floor(extract(epoch FROM now()) / 3600), $2, repeat('é', 2000) FROM generate_series(2, $3::int) AS n`,
    [ended.id, webhook, BUSY.attemptsOfOne],
  );
  return { owner, webhook, delivery: ended.id, pending: pending.id, event: ended.event_id };
}

/** What it reads would count for the requests that are measured meanwhile. */
async function withoutAutovacuum(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  for (const { name } of rows) await pool.query(`ALTER TABLE ${name} SET (autovacuum_enabled = off)`);
}
