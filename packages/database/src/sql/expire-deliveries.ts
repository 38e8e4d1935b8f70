import type { Queryable } from '../database.js';

/** Parked deliveries of a webhook that outlive the retention time soon, or have, and whose owner has not been notified. */
export interface ExpiringDeliveries {
  webhookId: string;
  owner: string;
  /** Who has paused it; `verification`: its URL is not verified. Empty: it is not paused, but slower than its events. */
  pausedBy: ('owner' | 'operator' | 'verification')[];
  /** Names the pause and the last replay in it: each has its own notice. */
  occasion: string;
  /** The period of the log that they belong to, and its end. */
  period: string;
  periodEndsAt: Date;
  /** Number of the deliveries; at most 10,000 are counted. */
  count: number;
  /** When the webhook's oldest waiting delivery was created. */
  oldestAt: Date;
  /** The time after which they are skipped, if they still wait. */
  skippedAfter: Date;
}

/** Which deliveries expire when. */
export interface ExpiryRules {
  /** Age at which periods of the log are dropped, in days. */
  retentionDays: number;
  /** Time from the notice until the deliveries are skipped, at least, in hours. */
  noticeHours: number;
}

/** The result of skipping deliveries of one webhook. */
export interface Expired {
  webhookId: string;
  period: string;
  /** Number of deliveries that were skipped. */
  skipped: number;
  /** Whether the webhook may have more of that period. */
  more: boolean;
}

/** Number of webhooks that one call looks at, and of deliveries that one commit ends. */
const WEBHOOKS = 500;
const CHUNK = 2000;
/** Maximum number of deliveries that are counted for a notice. */
const MAX_COUNTED = 10_000;

/**
 * Returns an SQL expression: a webhook's line, the first deliveries of each priority in the order of the log. Deliveries of a
 * paused webhook are in it: others become due within days, and are parked then.
 */
const line = (webhook: string, columns: string, limit: number): string =>
  [0, 1, 2]
    .map(
      (priority) => `
        (SELECT ${columns} FROM pending_deliveries
          WHERE webhook_id = ${webhook}.id AND generation = ${webhook}.generation AND stage = 'parked' AND priority = ${String(priority)}
            ${priority === 0 ? `AND event_position >= line_start(${webhook}.id)` : ''}
          ORDER BY event_position LIMIT ${String(limit)})`,
    )
    .join(' UNION ALL ');

/**
 * Reads for which webhooks, behind the one with the id `after`, parked deliveries are about to outlive the retention time and no
 * notice was given: once for each pause and period of the log, and again after a replay. Of a webhook that is not paused they are
 * read only when they have outlived it, as most are delivered before. Returns also the id to continue behind; null: there are no
 * more.
 *
 * Webhooks are looked at only while a period that expires soon has pending deliveries.
 */
export async function readExpiring(
  sql: Queryable,
  after: string,
  { retentionDays, noticeHours }: ExpiryRules,
): Promise<{ expiring: ExpiringDeliveries[]; cursor: string | null }> {
  const { rows } = await sql.query<(ExpiringDeliveries | { webhookId: null }) & { cursor: string | null }>({
    name: 'read_expiring',
    text: `
      WITH RECURSIVE ending AS MATERIALIZED (
        SELECT partitions.*, ends_at <= now() - make_interval(days => $2) AS is_over FROM partitions
        WHERE ends_at <= now() - make_interval(days => $2) + make_interval(hours => $3) AND has_pending(partitions)
      ), waiting AS (
        SELECT first_line.webhook_id, 1 AS number FROM next_line($1) AS first_line WHERE EXISTS (SELECT FROM ending)
        UNION ALL
        SELECT further.webhook_id, number + 1 FROM waiting CROSS JOIN LATERAL next_line(waiting.webhook_id) AS further
        WHERE number < ${String(WEBHOOKS)}
      ), aged AS MATERIALIZED (
        SELECT webhooks AS webhook, (SELECT min(created_at) FROM (${line('webhooks', 'created_at', 1)}) AS heads) AS oldest_at,
          paused_by(webhooks) || CASE WHEN (SELECT paused_at IS NOT NULL FROM delivery_pause WHERE "only") AND paused_at IS NULL
            THEN '{operator}' ELSE '{}'::text[] END AS paused_by
        FROM waiting JOIN webhooks ON webhooks.id = webhook_id WHERE enabled
      ), expiring AS (
        SELECT (webhook).id AS "webhookId", (webhook).owner, aged.paused_by AS "pausedBy",
          concat_ws(' ', extract(epoch FROM least((webhook).paused_at, (webhook).owner_paused_at, (webhook).unverified_since)), extract(epoch FROM (webhook).replay_next_at))
            AS occasion,
          name AS period, ends_at AS "periodEndsAt",
          oldest_at AS "oldestAt",
          greatest(ends_at + make_interval(days => $2), now() + make_interval(hours => $3)) AS "skippedAfter", (
            SELECT count(*)::int FROM (
              SELECT FROM (${line('(aged.webhook)', 'created_at', MAX_COUNTED)}) AS waiting WHERE created_at < ends_at LIMIT ${String(MAX_COUNTED)}
            ) AS bounded
          ) AS count
        FROM aged JOIN ending ON oldest_at >= coalesce(starts_at, '-infinity') AND oldest_at < ends_at
        WHERE (is_over OR is_paused(webhook)) AND NOT EXISTS (SELECT FROM expiry_notices WHERE period = name AND webhook_id = (webhook).id)
      )
      SELECT expiring.*, CASE WHEN (SELECT count(*) FROM waiting) = ${String(WEBHOOKS)} THEN (SELECT max(webhook_id) FROM waiting) END AS cursor
      FROM (SELECT) AS one LEFT JOIN expiring ON true ORDER BY "webhookId"`,
    values: [after, retentionDays, noticeHours],
  });
  const found = rows.filter((row): row is ExpiringDeliveries & { cursor: string | null } => row.webhookId !== null);
  const expiring = found.map(({ cursor: _, ...row }) => row);
  return { expiring, cursor: rows[0]?.cursor ?? null };
}

/**
 * Records that the owner was notified, if the webhook is still paused, or was not when it was read: the lock lets no resume pass that
 * would delete the notice.
 */
export async function markExpiring(
  sql: Queryable,
  { webhookId, period, pausedBy }: Pick<ExpiringDeliveries, 'webhookId' | 'period' | 'pausedBy'>,
): Promise<void> {
  await sql.query({
    name: 'mark_expiring',
    text: `
      INSERT INTO expiry_notices (period, webhook_id, notified_at)
      SELECT $2, id, now() FROM webhooks
      WHERE id = $1 AND ($3::boolean IS FALSE OR is_paused(webhooks) OR (SELECT paused_at IS NOT NULL FROM delivery_pause WHERE "only"))
      FOR SHARE OF webhooks
      ON CONFLICT DO NOTHING`,
    values: [webhookId, period, pausedBy.length > 0],
  });
}

/**
 * Skips up to 2,000 deliveries that have outlived the retention time, of the first webhook at or behind a place whose
 * owner was notified long enough ago; null when there is none. It waits for no lock. While the chunk is written, the webhook's
 * row is locked: a resume that was answered has lost no delivery after it.
 */
export async function skipExpired(
  sql: Queryable,
  from: Pick<Expired, 'period' | 'webhookId'>,
  { retentionDays, noticeHours }: ExpiryRules,
): Promise<Expired | null> {
  const { rows } = await sql.query<Expired>({
    name: 'skip_expired',
    text: `
      WITH due AS MATERIALIZED (
        SELECT webhooks.id, webhooks.generation, period, ends_at FROM expiry_notices
        JOIN partitions ON name = period JOIN webhooks ON webhooks.id = webhook_id
        WHERE (period, webhook_id) >= ($1, $2) AND ends_at <= now() - make_interval(days => $3)
          AND notified_at <= now() - make_interval(hours => $4) AND enabled
        ORDER BY period, webhook_id LIMIT 1 FOR NO KEY UPDATE OF webhooks SKIP LOCKED
      ), candidate AS MATERIALIZED (
        SELECT delivery_id FROM due CROSS JOIN LATERAL (${line('due', 'delivery_id, created_at', CHUNK)}) AS waiting
        WHERE created_at < ends_at ORDER BY delivery_id LIMIT ${String(CHUNK)}
      ), over AS MATERIALIZED (
        SELECT delivery_id, attempt_count FROM candidate JOIN pending_deliveries USING (delivery_id)
        WHERE stage = 'parked' FOR UPDATE OF pending_deliveries SKIP LOCKED
      ), removed AS (
        DELETE FROM pending_deliveries USING over WHERE pending_deliveries.delivery_id = over.delivery_id
      ), bounds AS (
        SELECT min(delivery_id) AS lowest, max(delivery_id) AS highest FROM candidate
      ), logged AS (
        UPDATE deliveries SET status = 'skipped', attempt_count = over.attempt_count, finished_at = now()
        FROM over, bounds WHERE deliveries.id = delivery_id AND deliveries.id BETWEEN bounds.lowest AND bounds.highest
      )
      SELECT id AS "webhookId", period, (SELECT count(*)::int FROM over) AS skipped,
        (SELECT count(*) FROM candidate) = ${String(CHUNK)} AND EXISTS (SELECT FROM over) AS more
      FROM due`,
    values: [from.period, from.webhookId, retentionDays, noticeHours],
  });
  return rows[0] ?? null;
}
