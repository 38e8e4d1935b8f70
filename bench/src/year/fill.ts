import { DURATION_BOUNDS_MS } from '@tidings/database';
import type pg from 'pg';
import { runStep, type OnStep } from './step.js';

/** The numbers of rows, and the time that they are spread over. */
export interface YearSize {
  /** Days from the first event to the last one, which is accepted now. */
  days: number;
  /** Partitions of the log; the newest one is current. */
  partitions: number;
  owners: number;
  webhooks: number;
  events: number;
  /** About as many: events of owners make 1.02 deliveries each, and as many events for everyone are added as the rest needs. */
  deliveries: number;
}

/** The size that a platform reaches in its first year. */
export const YEAR: YearSize = {
  days: 365,
  partitions: 10,
  owners: 200_000,
  webhooks: 300_000,
  events: 3_000_000,
  deliveries: 10_000_000,
};

/** Returns the same shape with another number of rows: 0.01 for a hundredth. */
export function scaled(size: YearSize, scale: number): YearSize {
  const count = (full: number): number => Math.max(1, Math.round(full * scale));
  const { owners, webhooks, events, deliveries } = size;
  return { ...size, owners: count(owners), webhooks: count(webhooks), events: count(events), deliveries: count(deliveries) };
}

/** One connection, since the settings of the session apply to all statements. */
type Session = Pick<pg.Client, 'query'>;

/** A period of the log, as in the table `partitions`. */
interface Period {
  name: string;
  /** Null: the first period has no beginning. */
  from: Date | null;
  until: Date;
}

/** The size and the times that all statements of one fill share. */
interface Year extends YearSize {
  from: Date;
  now: Date;
  /** Time from one event to the next. */
  stepMs: number;
  /** Every so many events, one is for everyone. */
  everyoneEvery: number;
  /** The deliveries of the events after this position are pending. */
  endedUntil: number;
}

const DAY_MS = 86_400_000;
/** Partition maintenance adds a period when less than seven days are left. */
const AHEAD_DAYS = 8;
/** Deliveries of an average event of an owner, who has 1.5 webhooks, by the subscriptions that `addWebhooks` writes. */
const DELIVERIES_PER_EVENT = 1.025;
/** Deliveries of an average event for everyone: a third of the webhooks gets `extraction.started`, half gets `extraction.completed`. */
const SHARE_OF_WEBHOOKS = 5 / 12;
/** A thousandth of the events was accepted a moment ago; at least so many. */
const FRESH_EVENTS = 30;
/** Days for which Tidings keeps its activity. */
const ACTIVITY_DAYS = 7;

/** The sorts and hash tables of a period fit into memory. The seed makes the same random choices each time. */
const SESSION =
  "SET jit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET statement_timeout = 0; SELECT setseed(0.5)";

/**
 * Fills a migrated database that has no events and no webhooks with the log of a year, as Tidings would have written it: ids,
 * positions, times and partitions agree.
 *
 * - Webhooks subscribe to all types or to some. 5 % are fifo, 3 % have a rate limit, 2 % were disabled by Tidings, 1 % by their
 *   owners, 1 % are paused. Some owners have far more events than others. No worker can open the secrets.
 * - Events of owners have all types of the shipped catalog. Events for everyone go to 100,000 webhooks and more.
 * - Deliveries have succeeded (98 %), failed, or were skipped or cancelled. Pending ones belong to paused webhooks or to the last
 *   events: admitted, in flight, in backoff, or parked behind the slots of their webhook.
 *
 * @param onStep called for events, deliveries and attempts once for each partition
 */
export async function fillYear(sql: Session, size: YearSize, onStep: OnStep = () => undefined): Promise<void> {
  const run = (step: string, work: () => Promise<unknown>): Promise<unknown> => runStep(onStep, step, work);
  await sql.query(SESSION);
  const year = await startYear(sql, size);
  const periods = periodsOf(year);

  await run('partitions', () => replacePeriods(sql, periods));
  await run('webhooks', () => addWebhooks(sql, year));
  for (const period of periods) {
    await run('events', () => addEvents(sql, year, period));
    await run('deliveries', () => addDeliveries(sql, year, period));
  }
  await run('slots', () => giveSlots(sql, year));
  for (const { name } of periods) await run('attempts', () => addAttempts(sql, name));
  await run('audit log', () => addAudit(sql));
  await run('activity', () => addActivity(sql, year));
  // A copy of a database that was never vacuumed writes each of its pages again.
  await run('vacuum', () =>
    sql.query(
      'VACUUM (ANALYZE) events, deliveries, pending_deliveries, attempts, webhooks, subscriptions, audit_log, activity_minutes, activity_owners, partitions',
    ),
  );
}

async function startYear(sql: Session, size: YearSize): Promise<Year> {
  const { rows } = await sql.query<{ now: Date; used: boolean }>(
    "SELECT date_trunc('milliseconds', now()) AS now, EXISTS (SELECT FROM events) OR EXISTS (SELECT FROM webhooks) AS used",
  );
  const { now, used } = rows[0] as { now: Date; used: boolean };
  if (used) throw new Error('The database has events or webhooks: a year needs a database without rows.');
  const { days, webhooks, events, deliveries } = size;
  const forEveryone = Math.max(2, Math.round((deliveries - events * DELIVERIES_PER_EVENT) / (webhooks * SHARE_OF_WEBHOOKS)));
  return {
    ...size,
    from: new Date(now.getTime() - days * DAY_MS),
    now,
    stepMs: (days * DAY_MS) / events,
    everyoneEvery: Math.max(2, Math.floor(events / forEveryone)),
    endedUntil: events - Math.max(FRESH_EVENTS, Math.round(events / 1000)),
  };
}

/** Returns periods of one length with midnights (UTC) between them, as partition maintenance makes them. Half of the newest is yet to come. */
function periodsOf({ days, partitions, now }: Year): Period[] {
  const width = Math.ceil(days / partitions);
  const today = Math.floor(now.getTime() / DAY_MS);
  const end = today + Math.max(AHEAD_DAYS, Math.ceil(width / 2));
  return Array.from({ length: partitions }, (_, index): Period => {
    const until = end - (partitions - 1 - index) * width;
    const from = new Date((until - width) * DAY_MS);
    const name = index === 0 ? 'first' : from.toISOString().slice(0, 10).replaceAll('-', '_');
    return { name, from: index === 0 ? null : from, until: new Date(until * DAY_MS) };
  });
}

/** Drops the period that the migrations made, and adds these. */
async function replacePeriods(sql: Session, periods: readonly Period[]): Promise<void> {
  const { rows } = await sql.query<{ name: string }>('SELECT name FROM partitions');
  for (const { name } of rows) await sql.query(`DROP TABLE events_${name}, deliveries_${name}, attempts_${name}`);
  await sql.query('DELETE FROM partitions');
  for (const { name, from, until } of periods) await sql.query('SELECT add_partition($1, $2, $3)', [name, from, until]);
}

/**
 * Webhook n belongs to owner 7919 n (a prime, so that second webhooks belong to owners all over the list). Its subscription
 * follows from n % 6, its kind from n / 6 % 100. All were registered before the first event. The triggers are slow, and would
 * write audit entries of now.
 */
async function addWebhooks(sql: Session, { owners, webhooks, from, now }: Year): Promise<void> {
  await sql.query('BEGIN; ALTER TABLE webhooks DISABLE TRIGGER USER');
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, created_at, updated_at, enabled, max_in_flight, rate_limit,
       ordering, retry_max_attempts, disabled_reason, disabled_at, disabled_notified_at, paused_at, generation, superseded_status)
     SELECT 'wh_' || substr(new_delivery_id(created_at), 5), 'owner_' || n * 7919::bigint % $1::int,
       'https://hooks.example/' || md5(n::text),
       CASE n % 6 WHEN 0 THEN '{*}' WHEN 1 THEN '{*}' WHEN 2 THEN '{sync.*}' WHEN 3 THEN '{sync.*}'
         WHEN 4 THEN '{sync.failed,gaps.updated}' ELSE '{extraction.completed,gaps.updated}' END::text[],
       -- As long as a secret that was sealed with a key of the name "year".
       '\\x0479656172'::bytea || decode(repeat('00', 78), 'hex'),
       created_at, coalesce(changed_at, created_at), kind NOT IN ('gone', 'failing', 'disabled'),
       CASE n % 5 WHEN 0 THEN 2 WHEN 1 THEN 50 ELSE 10 END,
       CASE WHEN kind = 'limited' THEN 5 END,
       CASE WHEN kind = 'fifo' THEN 'fifo' ELSE 'unordered' END::webhook_ordering,
       CASE WHEN n % 50 = 0 THEN 10 END,
       CASE WHEN kind IN ('gone', 'failing') THEN kind END::webhook_disabled_reason,
       CASE WHEN kind IN ('gone', 'failing') THEN changed_at END, CASE WHEN kind IN ('gone', 'failing') THEN changed_at END,
       CASE WHEN kind = 'paused' THEN changed_at END, CASE WHEN kind IN ('gone', 'failing', 'disabled') THEN 2 ELSE 1 END,
       CASE WHEN kind IN ('gone', 'failing') THEN 'skipped' ELSE 'cancelled' END::delivery_status
     FROM (
       SELECT n, kind, $3::timestamptz - random() * interval '30 days' AS created_at,
         CASE WHEN kind IN ('gone', 'failing', 'disabled') THEN $3 + random() * ($4::timestamptz - $3)
           WHEN kind = 'paused' THEN $4 - (1 + n % 30) * interval '1 day' END AS changed_at
       FROM generate_series(1, $2::int) AS n, LATERAL (
         SELECT CASE WHEN n / 6 % 100 < 5 THEN 'fifo' WHEN n / 6 % 100 < 8 THEN 'limited' WHEN n / 6 % 100 = 8 THEN 'gone'
           WHEN n / 6 % 100 = 9 THEN 'failing' WHEN n / 6 % 100 = 10 THEN 'disabled' WHEN n / 6 % 100 = 11 THEN 'paused'
           ELSE 'other' END AS kind
       ) AS kinds
     ) AS new ORDER BY created_at`,
    [owners, webhooks, from, now],
  );
  await sql.query(
    'INSERT INTO subscriptions (pattern, webhook_id) SELECT DISTINCT unnest(event_types), id FROM webhooks WHERE is_deliverable(webhooks)',
  );
  await sql.query('ALTER TABLE webhooks ENABLE TRIGGER USER; COMMIT; ANALYZE webhooks, subscriptions');
}

/**
 * Event n has the position n and is accepted n steps after the beginning of the year. The owners with low numbers have most of
 * the events, and ten of them a third of the last ones.
 */
async function addEvents(sql: Session, year: Year, period: Period): Promise<void> {
  const { owners, events, from, stepMs, everyoneEvery, endedUntil } = year;
  const numberAt = (at: Date): number => Math.ceil((at.getTime() - from.getTime()) / stepMs);
  const first = period.from === null ? 1 : Math.max(1, numberAt(period.from));
  const last = Math.min(events, numberAt(period.until) - 1);
  await sql.query(
    `INSERT INTO events_${period.name} (id, position, type, owner, data, timestamp, accepted_at)
     SELECT 'evt_' || substr(new_delivery_id(at), 5), n, type, owner,
       CASE type
         WHEN 'sync.completed' THEN format('{"user_id":"%s","items_synced":%s,"errors":0,"duration_s":12.4}', owner, n % 500)
         WHEN 'sync.failed' THEN format('{"user_id":"%s","error_message":"The collection service answered 503."}', owner)
         WHEN 'gaps.updated' THEN format('{"user_id":"%s","entity_type":"artist","entity_id":"%s"}', owner, n % 100000)
         WHEN 'extraction.started' THEN format('{"version":"%s","entity_types":["artists","labels","masters","releases"]}', n)
         ELSE format('{"version":"%s","record_counts":{"artists":9204113,"releases":17630418},"duration_s":5421.7}', n)
       END::json, at - interval '4 ms', at
     FROM (
       SELECT n, $3::timestamptz + n * $4::float8 * interval '1 ms' AS at,
         CASE WHEN for_everyone THEN CASE n / $5::int % 2 WHEN 0 THEN 'extraction.started' ELSE 'extraction.completed' END
           WHEN n % 10 < 6 THEN 'sync.completed' WHEN n % 10 = 6 THEN 'sync.failed' ELSE 'gaps.updated' END AS type,
         CASE WHEN for_everyone THEN NULL WHEN n > $7::int AND n % 3 = 0 THEN 'owner_' || n / 3 % least(10, $6)
           ELSE 'owner_' || floor($6::int * power(random(), 2)) END AS owner
       FROM generate_series($1::int, $2::int) AS n, LATERAL (SELECT n % $5 = $5 / 2 AS for_everyone) AS audience
     ) AS new`,
    [first, last, from, stepMs, everyoneEvery, owners, endedUntil],
  );
  await sql.query(`ANALYZE events_${period.name}`);
}

/** Every webhook that matches an event and accepted deliveries at its time has one. Pending ones are parked until `giveSlots`. */
async function addDeliveries(sql: Session, { endedUntil }: Year, period: Period): Promise<void> {
  const matching = (audience: string): string => `
    SELECT event.id AS event_id, position, type, accepted_at, webhooks.id AS webhook_id, webhooks.owner, retry_max_attempts, disabled_at,
      paused_at, enabled, generation, random() AS luck
    FROM events_${period.name} AS event JOIN webhooks ON ${audience} AND event_types && ARRAY['*', type, split_part(type, '.', 1) || '.*']
    WHERE enabled OR disabled_reason IS NOT NULL OR accepted_at < updated_at`;
  await sql.query(
    `WITH logged AS (
     INSERT INTO deliveries_${period.name} (id, event_id, event_position, webhook_id, owner, event_type, status, attempt_count,
       created_at, finished_at)
     SELECT new_delivery_id(accepted_at), event_id, position, webhook_id, owner, type, status::delivery_status, attempts, accepted_at,
       CASE WHEN status <> 'pending' THEN accepted_at + interval '300 ms' + greatest(attempts - 1, 0) * interval '45 s' END
     FROM (
       SELECT *, CASE WHEN status = 'failed' THEN coalesce(retry_max_attempts, 3) WHEN status <> 'succeeded' THEN 0
         WHEN luck < 0.05 THEN 2 ELSE 1 END AS attempts
       FROM (
         SELECT *, CASE WHEN accepted_at > disabled_at THEN 'skipped' WHEN position > $1 AND NOT enabled THEN 'cancelled'
           WHEN accepted_at > paused_at OR position > $1 THEN 'pending'
           WHEN luck < 0.01 THEN 'failed' WHEN luck < 0.012 THEN 'cancelled' ELSE 'succeeded' END AS status
         FROM (${matching('webhooks.owner = event.owner')} UNION ALL ${matching('event.owner IS NULL')}) AS matched
       ) AS ended
     ) AS attempted ORDER BY position
     RETURNING id, webhook_id, event_position, created_at, status
     )
     INSERT INTO pending_deliveries (delivery_id, webhook_id, generation, event_position, created_at, stage, next_attempt_at)
     SELECT logged.id, webhook_id, generation, event_position, logged.created_at, 'parked', logged.created_at
     FROM logged JOIN webhooks ON webhooks.id = webhook_id WHERE status = 'pending'`,
    [endedUntil],
  );
}

/**
 * Of the pending deliveries of the last events, some had a failed attempt and are in backoff; the others get the slots of their
 * webhooks, in the log's order, and some of these are in flight.
 */
async function giveSlots(sql: Session, { events, endedUntil }: Year): Promise<void> {
  await sql.query(
    `WITH waiting AS (
       SELECT delivery_id, webhooks AS webhook, event_position, ordering = 'unordered' AND event_position % 3 = 2 AS backs_off
       FROM pending_deliveries JOIN webhooks ON webhooks.id = webhook_id
       WHERE event_position > $1 AND paused_at IS NULL
     ), ranked AS (
       SELECT *, row_number() OVER (PARTITION BY (webhook).id, backs_off ORDER BY event_position) AS rank FROM waiting
     )
     UPDATE pending_deliveries SET
       stage = CASE WHEN backs_off THEN 'backoff' ELSE 'admitted' END::delivery_stage,
       priority = CASE WHEN backs_off THEN 1 ELSE 0 END,
       attempt_count = CASE WHEN backs_off THEN 1 ELSE 0 END,
       next_attempt_at = CASE WHEN backs_off THEN now() + interval '1 min' ELSE next_attempt_at END,
       lease_token = CASE WHEN NOT backs_off AND ranked.event_position % 3 = 1 THEN gen_random_uuid() END,
       leased_until = CASE WHEN NOT backs_off AND ranked.event_position % 3 = 1 THEN now() + interval '1 min' END,
       wake_at = now() + interval '1 min'
     FROM ranked WHERE pending_deliveries.delivery_id = ranked.delivery_id AND (backs_off OR rank <= slots_of(webhook))`,
    [endedUntil],
  );
  await sql.query("SELECT setval('events_position_seq', $1)", [events]);
}

/**
 * Moves the times of pending deliveries a day into the future. Until then Tidings has nothing to do for them, however long ago
 * the database was filled: each parked delivery waits for a slot that is taken, or belongs to a paused webhook.
 */
export async function postponePending(sql: Session): Promise<void> {
  await sql.query(
    `UPDATE pending_deliveries SET wake_at = now() + interval '1 day',
       next_attempt_at = CASE WHEN stage = 'backoff' THEN now() + interval '1 day' ELSE next_attempt_at END,
       leased_until = CASE WHEN lease_token IS NOT NULL THEN now() + interval '1 day' END
     WHERE wake_at IS NOT NULL`,
  );
}

/** Attempts follow each other by 45 seconds. The last one of a delivery that succeeded got a 200, and all others failed. */
async function addAttempts(sql: Session, period: string): Promise<void> {
  await sql.query(
    `INSERT INTO attempts_${period} (delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body)
     SELECT id, number, created_at + interval '40 ms' + (number - 1) * interval '45 s', 5 + floor(power(random(), 3) * 240),
       CASE error_class WHEN 'http_status' THEN 500 WHEN 'none' THEN 200 END,
       nullif(error_class, 'none'),
       CASE error_class WHEN 'http_status' THEN 'The response had the status 500.'
         WHEN 'timeout' THEN 'There was no complete response in time. (ETIMEDOUT)'
         WHEN 'connect' THEN 'The connection to the host failed. (ECONNREFUSED)' END,
       CASE error_class WHEN 'http_status' THEN '<h1>Internal Server Error</h1>' WHEN 'none' THEN '{"ok":true}' END
     FROM (
       SELECT id, deliveries.created_at, number, CASE WHEN status = 'succeeded' AND number = deliveries.attempt_count THEN 'none'
         ELSE (ARRAY['http_status', 'http_status', 'timeout', 'connect'])[1 + floor(random() * 4)] END AS error_class
       FROM deliveries_${period} AS deliveries LEFT JOIN pending_deliveries ON delivery_id = id,
         generate_series(1, coalesce(pending_deliveries.attempt_count, deliveries.attempt_count)) AS number
     ) AS made`,
  );
}

/** The entries that the trigger `audit_webhook` would have written. */
async function addAudit(sql: Session): Promise<void> {
  await sql.query(
    `INSERT INTO audit_log (at, actor, action, owner, webhook_id, details)
     SELECT at, actor, action, owner, id, details FROM (
       SELECT created_at AS at, owner AS actor, 'webhook.created' AS action, owner, id, (
         SELECT jsonb_object_agg(key, jsonb_build_object('from', NULL, 'to', value)) FROM jsonb_each(jsonb_build_object('url', url,
           'event_types', event_types, 'max_in_flight', max_in_flight, 'ordering', ordering, 'enabled', true))
       ) AS details FROM webhooks
       UNION ALL
       SELECT coalesce(disabled_at, updated_at), CASE WHEN disabled_at IS NULL THEN owner ELSE 'tidings' END, 'webhook.disabled', owner, id,
         jsonb_build_object('reason', jsonb_build_object('from', NULL, 'to', disabled_reason))
       FROM webhooks WHERE NOT enabled
       UNION ALL
       SELECT paused_at, owner, 'webhook.paused', owner, id, '{}' FROM webhooks WHERE paused_at IS NOT NULL
     ) AS entry ORDER BY at`,
  );
}

/** Counts the attempts of the last days as workers do: by minute and outcome, and by ten minutes and owner. */
async function addActivity(sql: Session, { now }: Year): Promise<void> {
  const since = new Date(now.getTime() - ACTIVITY_DAYS * DAY_MS);
  await sql.query(
    `WITH counted AS MATERIALIZED (
       SELECT date_trunc('minute', started_at) AS minute, coalesce(error_class, 'succeeded') AS outcome,
         width_bucket(duration_ms - 0.5, $2::float8[]::numeric[]) AS class, count(*)::int AS attempts
       FROM attempts WHERE delivery_id >= delivery_id_floor($1::timestamptz) GROUP BY 1, 2, 3
     )
     INSERT INTO activity_minutes (minute, outcome, attempts, durations)
     SELECT minute, outcome, sum(attempts), array_agg(coalesce(attempts, 0) ORDER BY class)
     FROM (SELECT DISTINCT minute, outcome FROM counted) AS minutes CROSS JOIN generate_series(0, cardinality($2)) AS class
     LEFT JOIN counted USING (minute, outcome, class) GROUP BY minute, outcome`,
    [since, DURATION_BOUNDS_MS],
  );
  await sql.query(
    `INSERT INTO activity_owners (period, owner, attempts, failed, busy_ms)
     SELECT date_bin('10 min', started_at, 'epoch'), owner, count(*), count(error_class), sum(duration_ms)
     FROM attempts JOIN deliveries ON deliveries.id = delivery_id
     WHERE delivery_id >= delivery_id_floor($1::timestamptz) AND deliveries.id >= delivery_id_floor($1) GROUP BY 1, 2`,
    [since],
  );
}
