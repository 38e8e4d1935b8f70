import type { Queryable } from '../database.js';

/** A delivery that the holder of the lease may attempt now. */
export interface ClaimedDelivery {
  state: 'claimed';
  id: string;
  leaseToken: string;
  webhookId: string;
  owner: string;
  url: string;
  sealedSecret: Buffer;
  /** The earlier secrets that still sign after a rotation; null: none. */
  sealedPreviousSecrets: Buffer | null;
  sealedHeaders: Buffer | null;
  /** Time of the claim by the database's clock, in Unix seconds. */
  claimedAt: number;
  eventId: string;
  eventType: string;
  /** The version of its type. */
  eventVersion: number;
  /** ISO 8601 in UTC, to the millisecond. */
  eventTimestamp: string;
  /** The payload: exactly the JSON text that was accepted. */
  eventData: string;
  /** W3C trace context of the event's acceptance; null: the event is not traced. */
  traceparent: string | null;
  /** Number of earlier attempts. */
  attemptCount: number;
  /** Number of attempts that the retry policy does not count: those before the last replay, and since then those not `counted`. */
  priorAttempts: number;
  /** Whether an owner or operator requested it again. */
  replay: boolean;
  /** Whether a kept connection broke under an earlier request, which was not counted: this one needs a new connection. */
  isResent: boolean;
  /** Time since its first attempt was recorded, in milliseconds; null: there was none since it became pending. */
  firstAttemptAgoMs: number | null;
  /** How often the webhook's flow had been slowed down: the record says so again, so that an old answer is known as one. */
  slowDowns: number;
  /** The webhook's own retry policy; null in fields where the default applies. */
  retry: { maxAttempts: number | null; initialDelayMs: number | null; maxDelayMs: number | null; schedule: string | null };
}

/** A pending delivery that may be claimed only later, at the time of its next attempt or by its webhook's rate limit. */
export interface DeferredDelivery {
  state: 'deferred';
  id: string;
  webhookId: string;
  /** Time until it may be claimed, in milliseconds. */
  dueInMs: number;
}

/** A delivery that was not looked at, because another transaction has locked its row or its webhook's: claim it again. */
export interface LockedDelivery {
  state: 'locked';
  id: string;
  webhookId: string;
}

/** A delivery that must not be attempted, because its webhook was disabled or deleted since it was accepted: pass it to `endSuperseded`. */
export interface SupersededDelivery {
  state: 'superseded';
  id: string;
  webhookId: string;
}

/** The result of a claim for one delivery. */
export type Claim = ClaimedDelivery | DeferredDelivery | LockedDelivery | SupersededDelivery;

interface Row {
  id: string;
  action: 'claimed' | 'deferred' | 'rate_limited' | 'locked' | 'superseded';
  due_in_ms: number;
  claimed_at: number;
  lease_token: string;
  webhook_id: string;
  owner: string;
  url: string;
  sealed_secret: Buffer;
  sealed_previous_secrets: Buffer | null;
  sealed_headers: Buffer | null;
  event_id: string;
  event_type: string;
  event_version: number;
  event_timestamp: string;
  event_data: string;
  traceparent: string | null;
  attempt_count: number;
  prior_attempts: number;
  replay: boolean;
  resent: boolean;
  retry_max_attempts: number | null;
  retry_initial_delay_ms: number | null;
  retry_max_delay_ms: number | null;
  retry_schedule: string | null;
  first_attempt_ago_ms: number | null;
  slow_downs: number;
}

/** Times of a claim, and the parked deliveries that it takes besides the named ones. */
export interface ClaimOptions {
  /** Duration of the lease, in milliseconds by the database's clock, at most `LONGEST_LEASE_S`; afterwards another worker may claim. */
  leaseMs: number;
  /** Time from when the rate limit allows a delivery until the reconciler checks whether it was claimed, in milliseconds. */
  wakeAfterMs: number;
  /** Claims besides the named deliveries up to `count` parked ones of each of these webhooks, first in line. Default: none. */
  next?: readonly { webhookId: string; count: number }[];
}

/** Burst of an idle webhook with a rate limit: the requests of this time, in seconds, may be sent together. */
const BURST_S = 0.1;

/**
 * Takes the lease of each delivery that is pending, due, not leased to another worker, and within the slots of its webhook.
 * Of the others it parks those that exceed the slots, are not first in line of a fifo webhook, or whose webhook is paused or
 * waits for a probe, and leaves them out of the result. It defers what exceeds the webhook's rate (`rate_of`; generic cell rate
 * algorithm).
 *
 * It waits for no lock: a row that another transaction holds, or the row of its webhook, is answered as locked. So an owner's
 * long transaction delays that owner's deliveries, and nobody else's. Everything is decided by what `lock_webhooks` reads when
 * it has the locks, and by the time at which it has them.
 *
 * A time that no rule can have set so late was written while PostgreSQL's clock was ahead: the state of the rate limit beyond
 * the requests that may be in flight, which counts as now, and a first attempt that is not due.
 *
 * @param ids the named deliveries, usually those of jobs from Redis; unknown and ended ones are ignored
 */
export async function claimDeliveries(
  sql: Queryable,
  ids: readonly string[],
  { leaseMs, wakeAfterMs, next = [] }: ClaimOptions,
): Promise<Claim[]> {
  const { rows } = await sql.query<Row>({
    name: 'claim_deliveries',
    text: `
      WITH named AS MATERIALIZED (
        SELECT pending_deliveries.* FROM unnest($1::text[]) AS wanted (id) JOIN pending_deliveries ON delivery_id = wanted.id
        WHERE NOT ended AND (lease_token IS NULL OR leased_until <= now())
        FOR UPDATE OF pending_deliveries SKIP LOCKED
      ), next_parked AS MATERIALIZED (
        SELECT next_in_line.* FROM unnest($2::text[], $3::int[]) AS requested (webhook_id, at_most)
        JOIN webhooks ON webhooks.id = requested.webhook_id CROSS JOIN LATERAL next_in_line(webhooks, at_most)
        -- The function also sees deliveries that were parked since this statement's snapshot, which the statement cannot update.
        WHERE EXISTS (SELECT FROM pending_deliveries AS visible WHERE visible.delivery_id = next_in_line.delivery_id)
      ), candidate AS MATERIALIZED (
        SELECT * FROM named UNION ALL SELECT * FROM next_parked WHERE delivery_id <> ALL ($1::text[])
      ), locked_webhook AS MATERIALIZED (
        SELECT * FROM lock_webhooks(ARRAY(SELECT DISTINCT webhook_id FROM candidate))
      ), eligible AS (
        SELECT candidate.*, webhook, in_flight, locked_at, CASE
          WHEN locked_at IS NULL AND (SELECT true FROM webhooks WHERE webhooks.id = candidate.webhook_id) THEN 'locked'
          WHEN locked_at IS NULL OR NOT (webhook).enabled OR generation <> (webhook).generation THEN 'superseded'
          WHEN stage = 'backoff' AND next_attempt_at > locked_at THEN 'deferred'
          WHEN is_paused OR waits_for_probe(webhook, locked_at) THEN 'parked'
          WHEN event_position > next_position AND priority < 2 THEN 'parked'
          ELSE 'claimed'
        END AS wanted
        FROM candidate LEFT JOIN locked_webhook ON (webhook).id = candidate.webhook_id
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY webhook_id, wanted ORDER BY priority, event_position) AS rank FROM eligible
      ), within_slots AS (
        SELECT *, CASE WHEN wanted = 'claimed' AND in_flight + rank > slots_of(webhook) THEN 'parked' ELSE wanted END AS granted,
          interval '1 s' / rate_of(webhook, locked_at) AS rate_interval
        FROM ranked
      ), paced AS (
        SELECT *, (rank - 1) * rate_interval + greatest(locked_at - interval '${String(BURST_S)} s',
          CASE WHEN (webhook).rate_next_at > locked_at + ((webhook).max_in_flight + 1) * rate_interval THEN locked_at ELSE (webhook).rate_next_at END
        ) AS permit_at
        FROM within_slots
      ), decided AS MATERIALIZED (
        SELECT *, CASE WHEN granted = 'claimed' AND permit_at > locked_at THEN 'rate_limited' ELSE granted END AS action FROM paced
      ), updated AS (
        UPDATE pending_deliveries SET
          stage = CASE WHEN action = 'parked' THEN 'parked' ELSE 'admitted' END::delivery_stage,
          lease_token = CASE WHEN action = 'claimed' THEN gen_random_uuid() END,
          leased_until = CASE WHEN action = 'claimed' THEN locked_at + make_interval(secs => $4::float8 / 1000) END,
          again = false,
          -- No index changes while the wake time stays, and it stays while it is later than the claim (lock_webhooks relies on it).
          wake_at = CASE action
            WHEN 'claimed' THEN CASE WHEN decided.stage = 'admitted' AND decided.wake_at > locked_at THEN decided.wake_at
              ELSE locked_at + make_interval(secs => $4::float8 / 1000) END
            WHEN 'rate_limited' THEN permit_at + make_interval(secs => $5::float8 / 1000)
          END
        FROM decided
        WHERE pending_deliveries.delivery_id = decided.delivery_id AND action IN ('claimed', 'rate_limited', 'parked')
          AND (action <> 'parked' OR decided.stage <> 'parked')
        RETURNING pending_deliveries.delivery_id, pending_deliveries.lease_token
      ), paced_webhook AS (
        UPDATE webhooks SET
          circuit_probe_at = CASE WHEN circuit_opened_at IS NOT NULL THEN locked_at + make_interval(secs => $4::float8 / 1000) END,
          rate_next_at = next_permit_at, learned_rate = raised_rate(webhooks, locked_at, requests)
        FROM (
          SELECT webhook_id, locked_at, max(permit_at + rate_interval) AS next_permit_at, count(*)::int AS requests
          FROM decided WHERE action = 'claimed' GROUP BY webhook_id, locked_at
        ) AS claimed
        WHERE webhooks.id = webhook_id AND (circuit_opened_at IS NOT NULL OR next_permit_at IS NOT NULL)
      ), event AS MATERIALIZED (
        SELECT events_at.* FROM (
          SELECT array_agg(event_position) AS positions, array_agg(created_at) AS times
          FROM (SELECT DISTINCT event_position, created_at FROM decided WHERE action = 'claimed') AS place
        ) AS places CROSS JOIN LATERAL events_at(positions, times)
      ), locked_row AS (
        SELECT delivery_id, webhook_id FROM unnest($1::text[]) AS wanted (id) JOIN pending_deliveries ON delivery_id = wanted.id
        WHERE (SELECT count(*) FROM named) < cardinality($1::text[])
          AND NOT ended AND (lease_token IS NULL OR leased_until <= now()) AND delivery_id NOT IN (SELECT delivery_id FROM named)
      )
      SELECT decided.delivery_id AS id, action, webhook_id, (webhook).owner, (webhook).url, (webhook).sealed_secret,
        (webhook).sealed_previous_secrets, (webhook).sealed_headers, (webhook).retry_max_attempts, (webhook).retry_initial_delay_ms,
        (webhook).retry_max_delay_ms, (webhook).retry_schedule, (webhook).slow_downs, attempt_count, prior_attempts, replay, resent,
        updated.lease_token, CASE WHEN first_attempt_at IS NOT NULL
          THEN greatest(0, extract(epoch FROM locked_at - first_attempt_at) * 1000)::float8 END AS first_attempt_ago_ms,
        ceil(extract(epoch FROM CASE action WHEN 'deferred' THEN next_attempt_at ELSE permit_at END - locked_at) * 1000)::float8 AS due_in_ms,
        floor(extract(epoch FROM clock_timestamp()))::float8 AS claimed_at, event.id AS event_id, event.type AS event_type, event.version AS event_version,
        event.data::text AS event_data, event.traceparent,
        to_char(event.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS event_timestamp
      FROM (
        SELECT delivery_id, webhook_id, action, webhook, attempt_count, prior_attempts, replay, resent, next_attempt_at, permit_at,
          locked_at, event_position, first_attempt_at
        FROM decided WHERE action <> 'parked'
        UNION ALL SELECT delivery_id, webhook_id, 'locked', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM locked_row
      ) AS decided
      LEFT JOIN updated USING (delivery_id)
      LEFT JOIN event ON event.position = event_position AND action = 'claimed'
      WHERE action NOT IN ('claimed', 'rate_limited') OR updated.delivery_id IS NOT NULL`,
    // A delivery may have two jobs: named twice it would take two slots.
    values: [[...new Set(ids)], next.map(({ webhookId }) => webhookId), next.map(({ count }) => count), leaseMs, wakeAfterMs],
  });
  return rows.map(toClaim);
}

function toClaim(row: Row): Claim {
  const { id, webhook_id: webhookId, action } = row;
  if (action === 'locked' || action === 'superseded') return { state: action, id, webhookId };
  if (action !== 'claimed') return { state: 'deferred', id, webhookId, dueInMs: row.due_in_ms };
  return {
    state: 'claimed',
    id,
    leaseToken: row.lease_token,
    webhookId,
    owner: row.owner,
    url: row.url,
    sealedSecret: row.sealed_secret,
    sealedPreviousSecrets: row.sealed_previous_secrets,
    sealedHeaders: row.sealed_headers,
    claimedAt: row.claimed_at,
    eventId: row.event_id,
    eventType: row.event_type,
    eventVersion: row.event_version,
    eventTimestamp: row.event_timestamp,
    eventData: row.event_data,
    traceparent: row.traceparent,
    attemptCount: row.attempt_count,
    priorAttempts: row.prior_attempts,
    replay: row.replay,
    isResent: row.resent,
    firstAttemptAgoMs: row.first_attempt_ago_ms,
    slowDowns: row.slow_downs,
    retry: {
      maxAttempts: row.retry_max_attempts,
      initialDelayMs: row.retry_initial_delay_ms,
      maxDelayMs: row.retry_max_delay_ms,
      schedule: row.retry_schedule,
    },
  };
}
