import type pg from 'pg';
import type { Queryable } from '../database.js';
import { countPending } from './count-pending.js';
import { DELETE_BATCH, deleteInBatches, type DeletedBatch } from './delete-in-batches.js';
import { withTimeout } from './with-timeout.js';

/** The attempts of a webhook in one hour with events of one type and responses of one class. */
export interface HourCount {
  /** The start of the hour. */
  at: Date;
  eventType: string;
  /** `2xx` to `5xx`; `none` without a response. */
  statusClass: string;
  attempts: number;
}

/** The attempts of a webhook by hour. */
export interface WebhookHours {
  /** The start of the first hour, and the time of the count. */
  since: Date;
  until: Date;
  /** Pending deliveries of any age; at most 10,000 are counted. */
  pending: number;
  /** Oldest first; hours, types and classes without attempts are left out. */
  counts: HourCount[];
  /** Whether all attempts are counted: not when there were more than 20,000 in the hours that are not counted yet. */
  isComplete: boolean;
}

/** Maximum number of attempts that a read counts itself: it bounds the cost, however busy the webhook is. */
const MAX_OPEN = 20_000;
/** Number of attempts that one commit counts, at least the attempts of one webhook. */
const CHUNK = 20_000;
/** One webhook may have millions of attempts in an hour: no webhook's hour is counted until that is done. */
const COUNT_TIMEOUT_MS = 600_000;
/** No claim leaves a later wake time than this behind itself: the leases of an hour are found among the wake times up to then. */
const LONGEST_WAKE = "interval '300 s'";
const endOf = (hour: string): string => `to_timestamp((${hour} + 1) * 3600.0)`;

/**
 * Counts the attempts of a part of the first hour that is not counted yet, in one commit. Returns false when there is none: an
 * hour is counted when no lease that was taken in it can still record an attempt. So every attempt is counted exactly once,
 * however late it was recorded.
 *
 * After PostgreSQL's clock was set back, the hours from the present one on are counted again.
 */
export async function countHour(pool: Pick<pg.Pool, 'connect'>): Promise<boolean> {
  const { rowCount } = await withTimeout(pool, COUNT_TIMEOUT_MS, (run) =>
    run({
      name: 'count_hour',
      text: `
      WITH progress AS MATERIALIZED (
        SELECT hour, cursor FROM counted_hours
        WHERE "only" AND (SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_hour_webhook_id_idx'::regclass)
        FOR UPDATE SKIP LOCKED
      ), set_back AS MATERIALIZED (
        SELECT floor(extract(epoch FROM now()) / 3600)::int AS hour FROM progress
        WHERE hour > floor(extract(epoch FROM now()) / 3600)
      ), ready AS MATERIALIZED (
        SELECT hour, cursor FROM progress
        WHERE ${endOf('hour')} + ${LONGEST_WAKE} <= now() AND NOT EXISTS (
          SELECT FROM pending_deliveries
          WHERE wake_at <= ${endOf('hour')} + ${LONGEST_WAKE} AND lease_token IS NOT NULL
            AND leased_until < ${endOf('hour')} + longest_lease()
        )
      ), part AS MATERIALIZED (
        SELECT hour, cursor, (
          SELECT webhook_id FROM attempts WHERE attempts.hour = ready.hour AND webhook_id > cursor
          ORDER BY webhook_id OFFSET ${String(CHUNK)} LIMIT 1
        ) AS last
        FROM ready
      ), counted AS (
        INSERT INTO webhook_hours (webhook_id, hour, event_type, status_class, attempts)
        SELECT attempts.webhook_id, part.hour, event_type, status_class(status_code), count(*)
        FROM part JOIN attempts ON attempts.hour = part.hour AND attempts.webhook_id > cursor AND (last IS NULL OR attempts.webhook_id <= last)
        JOIN deliveries ON deliveries.id = delivery_id
        GROUP BY 1, 2, 3, 4
        ON CONFLICT (webhook_id, hour, event_type, status_class) DO UPDATE SET attempts = excluded.attempts
      )
      UPDATE counted_hours SET hour = next.hour, cursor = next.cursor
      FROM (
        SELECT CASE WHEN last IS NULL THEN hour + 1 ELSE hour END AS hour, coalesce(last, '') AS cursor FROM part
        UNION ALL SELECT hour, '' FROM set_back
      ) AS next
      WHERE counted_hours."only"`,
    }),
  );
  return rowCount === 1;
}

/**
 * Reads the attempts of a webhook in the present hour and so many hours before it: of closed hours from their counts, of the
 * others from the attempts themselves, by an index, up to {@link MAX_OPEN}. The caller must have checked the webhook's owner.
 */
export async function readWebhookHours(sql: Queryable, webhookId: string, hours: number): Promise<WebhookHours> {
  const { rows } = await sql.query<
    Omit<WebhookHours, 'counts' | 'pending'> & { pending: string; counts: (Omit<HourCount, 'at'> & { hour: number })[] }
  >({
    name: 'read_webhook_hours',
    text: `
      WITH span AS MATERIALIZED (
        SELECT floor(extract(epoch FROM now()) / 3600)::int - $2::int AS first
      ), counted AS (
        SELECT hour, event_type, status_class, attempts::bigint FROM webhook_hours
        WHERE webhook_id = $1 AND hour >= (SELECT first FROM span) AND hour < (SELECT hour FROM counted_hours WHERE "only")
      ), not_counted AS MATERIALIZED (
        SELECT hour, delivery_id, status_code FROM open_hours((SELECT first FROM span)) AS open_hour CROSS JOIN LATERAL (
          SELECT * FROM attempts WHERE attempts.hour = open_hour AND attempts.webhook_id = $1
        ) AS attempt ORDER BY hour LIMIT ${String(MAX_OPEN + 1)}
      ), open AS (
        SELECT hour, event_type, status_class(status_code) AS status_class, count(*) AS attempts
        FROM (SELECT * FROM not_counted LIMIT ${String(MAX_OPEN)}) AS attempt JOIN deliveries ON deliveries.id = delivery_id
        GROUP BY 1, 2, 3
      )
      SELECT to_timestamp(first * 3600.0) AS since, now() AS until,
        (SELECT ${countPending('webhooks')} FROM webhooks WHERE webhooks.id = $1) AS pending, (
          SELECT coalesce(json_agg(json_build_object('hour', hour, 'eventType', event_type, 'statusClass', status_class, 'attempts', attempts)
            ORDER BY hour, event_type, status_class), '[]')
          FROM (SELECT * FROM counted UNION ALL SELECT * FROM open) AS counts
        ) AS counts, (SELECT count(*) FROM not_counted) <= ${String(MAX_OPEN)} AS "isComplete"
      FROM span`,
    values: [webhookId, hours],
  });
  const { since, until, pending, counts, isComplete } = rows[0] as (typeof rows)[number];
  return {
    since,
    until,
    isComplete,
    pending: Number(pending),
    counts: counts.map(({ hour, ...count }) => ({ at: new Date(hour * 3_600_000), ...count })),
  };
}

/** Deletes the counts of hours that are older than a number of days, batch by batch. */
export async function dropWebhookHours(sql: Queryable, days: number, isStopping?: () => boolean): Promise<void> {
  const dropBatch = async (): Promise<DeletedBatch<true>> => {
    const { rowCount } = await sql.query({
      name: 'drop_webhook_hours',
      text: `
        DELETE FROM webhook_hours WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM webhook_hours WHERE hour < floor(extract(epoch FROM now()) / 3600)::int - $1::int * 24
          LIMIT ${String(DELETE_BATCH)}
        ))`,
      values: [days],
    });
    const deleted = rowCount ?? 0;
    return { deleted, next: deleted === DELETE_BATCH ? true : null };
  };
  await deleteInBatches(true as const, dropBatch, isStopping);
}
