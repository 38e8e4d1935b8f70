import type pg from 'pg';
import type { CostlyIds } from './costly-requests.js';

/** How much a busy owner has, and how much there is besides: more rows than any request may read. */
const BUSY = {
  events: 100_000,
  largeEvents: 100,
  attemptsOfOne: 1000,
  otherWebhooks: 20_000,
  auditEntries: 2000,
  revocations: 2000,
  eventTypes: 300,
};

/** The event type that costly requests name. */
export const EVENT_TYPE = 'costly.type';

/** Almost the largest event: 256 KiB. */
const LARGE_EVENT_BYTES = 250_000;

/**
 * Gives an owner as much as an owner can have: a webhook with a delivery of each of 100,000 events, ended or pending in equal parts, one
 * of which has many attempts with long answers; and large events at the end of the log. Others have many webhooks, too.
 *
 * @param sql a connection to the database
 * @param webhook the id of one of the owner's webhooks, which was registered with the API
 * @param vacuum whether all tables are vacuumed and analysed, and not again later. Default true
 */
export async function makeBusy(
  sql: Pick<pg.Pool, 'query'>,
  owner: string,
  webhook: string,
  { vacuum = true }: { vacuum?: boolean } = {},
): Promise<CostlyIds> {
  const { rows: newest } = await sql.query<{ last: string }>('SELECT coalesce(max(position), 0) AS last FROM events');
  await sql.query(
    `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_busy_' || n, 'sync.completed', CASE WHEN n % 2 = 0 THEN $2 END, '{"a":1}', at, at
     FROM (SELECT n, now() - ($1::int - n) * interval '1 ms' AS at FROM generate_series(1, $1::int) AS n) AS event`,
    [BUSY.events, owner],
  );
  await sql.query(
    `WITH type AS (
       INSERT INTO event_types (name, description, default_version)
       SELECT $1 || coalesce('_' || nullif(n, 0), ''), 'One of many.', 1 FROM generate_series(0, $2::int) AS n RETURNING name
     ), version AS (
       INSERT INTO event_type_versions (type, version, audience, owner_field, unknown_fields, schema, examples)
       SELECT name, 1, 'everyone', 'user_id', 'refuse', json_build_object('type', 'object', 'properties',
         (SELECT json_object_agg('field_' || n, json_build_object('type', 'string', 'maxLength', 100)) FROM generate_series(0, 14) AS n)), '[]'
       FROM type
     )
     UPDATE event_type_state SET state = gen_random_uuid()`,
    [EVENT_TYPE, BUSY.eventTypes],
  );
  // Text that PostgreSQL can compress, and random text.
  await sql.query(
    `INSERT INTO events (id, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_large_' || n, 'sync.failed', NULL, json_build_object('a', CASE WHEN n % 2 = 0 THEN repeat('é', $2::int / 2)
       ELSE (SELECT string_agg(md5(n::text || i), '') FROM generate_series(1, $2::int / 32) AS i) END), now(), now()
     FROM generate_series(1, $1::int) AS n`,
    [BUSY.largeEvents, LARGE_EVENT_BYTES],
  );
  await sql.query(
    `WITH logged AS (
       INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, created_at, finished_at)
       SELECT new_delivery_id(accepted_at), id, position, $1, $2, type,
         (CASE WHEN position % 4 < 2 THEN 'pending' ELSE 'succeeded' END)::delivery_status, accepted_at, CASE WHEN position % 4 > 1 THEN accepted_at END
       FROM events WHERE position > $3 ORDER BY position RETURNING *
     ), tried AS (
       INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, hour, webhook_id, response_body)
       SELECT id, 1, created_at, 1, 200, floor(extract(epoch FROM created_at) / 3600), $1, 'ok' FROM logged WHERE status = 'succeeded'
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, priority, next_attempt_at)
     SELECT id, $1, (SELECT generation FROM webhooks WHERE id = $1), event_position, created_at, 'backoff', 0, now() + interval '1 day'
     FROM logged WHERE status = 'pending'`,
    [webhook, owner, newest[0]?.last],
  );
  // Each character of this answer takes six bytes in JSON.
  const { rows } = await sql.query<{ id: string; event_id: string; status: string }>(
    `(SELECT id, event_id, status::text FROM deliveries WHERE webhook_id = $1 AND status = 'succeeded' ORDER BY id LIMIT 1)
     UNION ALL (SELECT id, event_id, status::text FROM deliveries WHERE webhook_id = $1 AND status = 'pending' ORDER BY id LIMIT 1)`,
    [webhook],
  );
  const [ended, pending] = rows as [(typeof rows)[number], (typeof rows)[number]];
  await sql.query(
    `INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, hour, webhook_id, response_body)
     SELECT $1, n, now(), 1, 500, floor(extract(epoch FROM now()) / 3600), $2, repeat(E'\\x01', 4096) FROM generate_series(2, $3::int) AS n`,
    [ended.id, webhook, BUSY.attemptsOfOne],
  );
  // The largest registration: 50 types, and 20 names of headers.
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, description, sealed_secret)
     SELECT 'wh_0' || n, 'other_' || n, 'http://127.0.0.1:9/' || repeat('a', 2000), array_fill('gaps.updated'::text, '{50}'), repeat('d', 500), '\\x00'
     FROM generate_series(1, $1::int) AS n`,
    [BUSY.otherWebhooks],
  );
  // A change of all that a webhook has.
  await sql.query(
    `INSERT INTO audit_log (actor, actor_kind, action, owner, webhook_id, details)
     SELECT $2, 'owner', 'webhook.changed', $2, $3, jsonb_build_object(
       'url', jsonb_build_object('from', repeat('a', 2000), 'to', repeat('b', 2000)), 'event_types', jsonb_build_object(
         'from', array_fill('extraction.completed'::text, '{50}'), 'to', array_fill('extraction.started'::text, '{50}')),
       'description', jsonb_build_object('from', repeat('c', 500), 'to', repeat('d', 500)))
     FROM generate_series(1, $1::int) AS n`,
    [BUSY.auditEntries, owner, webhook],
  );
  await sql.query(
    `INSERT INTO revocations (kind, subject, ends_at, revoked_at, revoked_by)
     SELECT 'token', 'jti_' || n || repeat('x', 200), now() + interval '1 day', now(), 'olga' FROM generate_series(1, $1::int) AS n`,
    [BUSY.revocations],
  );
  if (vacuum) {
    await sql.query('VACUUM (ANALYZE)');
    await stopAutovacuum(sql);
  }
  return { owner, webhook, delivery: ended.id, pending: pending.id, event: ended.event_id };
}

/** What it reads would count for the requests that are measured meanwhile. */
async function stopAutovacuum(sql: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await sql.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  for (const { name } of rows) await sql.query(`ALTER TABLE ${name} SET (autovacuum_enabled = off)`);
}
