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
  /** ISO 8601 in UTC, to the millisecond. */
  eventTimestamp: string;
  /** The payload: exactly the JSON text that was accepted. */
  eventData: string;
  /** W3C trace context of the event's acceptance; null: the event is not traced. */
  traceparent: string | null;
  /** Number of earlier attempts. */
  attemptCount: number;
  /** Number of attempts before the last replay, which the retry policy does not count. */
  priorAttempts: number;
  /** Whether an owner or operator requested it again. */
  replay: boolean;
  /** The webhook's own retry policy; null in fields where the default applies. */
  retry: { maxAttempts: number | null; initialDelayMs: number | null; maxDelayMs: number | null };
}

/** A pending delivery that may be claimed only later, at the time of its next attempt or by its webhook's rate limit. */
export interface DeferredDelivery {
  state: 'deferred';
  id: string;
  webhookId: string;
  /** Time until it may be claimed, in milliseconds. */
  dueInMs: number;
}

/** The result of a claim for one delivery. */
export type Claim = ClaimedDelivery | DeferredDelivery;

interface Row {
  id: string;
  action: 'claimed' | 'deferred' | 'rate_limited' | 'cancelled' | 'skipped';
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
  event_timestamp: string;
  event_data: string;
  traceparent: string | null;
  attempt_count: number;
  prior_attempts: number;
  replay: boolean;
  retry_max_attempts: number | null;
  retry_initial_delay_ms: number | null;
  retry_max_delay_ms: number | null;
}

/** Times of a claim, and the parked deliveries that it takes besides the named ones. */
export interface ClaimOptions {
  /** Duration of the lease, in milliseconds by the database's clock; afterwards another worker may claim. */
  leaseMs: number;
  /** Time from when the rate limit allows a delivery until the reconciler checks whether it was claimed, in milliseconds. */
  wakeAfterMs: number;
  /** Claims besides the named deliveries up to `count` parked ones of each of these webhooks, first in line. Default: none. */
  next?: readonly { webhookId: string; count: number }[];
  /** Called for each delivery that becomes cancelled or skipped, for the metrics. */
  onEnded?: ((status: 'cancelled' | 'skipped') => void) | undefined;
}

/** Time after which a delivery that another transaction has locked is tried again, in milliseconds. */
const LOCKED_MS = 50;

/** Burst of an idle webhook with a rate limit: the requests of this time, in seconds, may be sent together. */
const BURST_S = 0.1;

/**
 * Takes the lease of each delivery that is pending, due, not leased to another worker, and within the slots of its webhook.
 * A delivery is parked if it exceeds the slots, is not first in line of a fifo webhook, or its webhook is paused or has an open
 * circuit that waits for its next probe. It is deferred if it exceeds the rate limit (generic cell rate algorithm). It becomes
 * skipped if Tidings disabled the webhook, and cancelled if the webhook was deleted or its owner disabled it. Returns only
 * claimed and deferred deliveries.
 *
 * Locks are taken in one order everywhere: deliveries, skipping locked ones, then webhooks by id. The transaction that
 * has locked a named delivery does not always claim it: a claim that searches for parked deliveries can lock a delivery that
 * was just released, before it sees the release. So a locked delivery is deferred for `LOCKED_MS`. If it were ignored, it
 * would wait for the reconciler.
 *
 * @param ids the named deliveries, usually those of jobs from Redis; unknown and ended ones are ignored
 */
export async function claimDeliveries(
  sql: Queryable,
  ids: readonly string[],
  { leaseMs, wakeAfterMs, next = [], onEnded }: ClaimOptions,
): Promise<Claim[]> {
  const { rows } = await sql.query<Row>({
    name: 'claim_deliveries',
    text: `
      WITH named AS MATERIALIZED (
        SELECT deliveries.* FROM unnest($1::text[]) AS wanted (id) JOIN deliveries USING (id)
        WHERE status = 'pending' AND (lease_token IS NULL OR wake_at <= now())
        FOR UPDATE OF deliveries SKIP LOCKED
      ), next_parked AS MATERIALIZED (
        SELECT parked.* FROM unnest($4::text[], $5::int[]) AS requested (webhook_id, count) CROSS JOIN LATERAL (
          SELECT * FROM deliveries WHERE webhook_id = requested.webhook_id AND stage = 'parked' AND id <> ALL ($1::text[])
          ORDER BY priority, event_position LIMIT requested.count FOR UPDATE SKIP LOCKED
        ) AS parked
      ), candidate AS MATERIALIZED (
        SELECT * FROM named UNION ALL SELECT * FROM next_parked
      ), locked_webhook AS MATERIALIZED (
        SELECT webhook, (webhook).*, in_flight, first_in_line
        FROM lock_webhooks(ARRAY(SELECT DISTINCT webhook_id FROM candidate))
      ), checked AS (
        SELECT candidate.*, locked_webhook.rate_limit, locked_webhook.rate_next_at, locked_webhook.circuit_opened_at, in_flight,
          url, sealed_secret, sealed_previous_secrets, sealed_headers, retry_max_attempts, retry_initial_delay_ms, retry_max_delay_ms,
          slots_of(webhook) AS slots,
          CASE
            WHEN is_deliverable(webhook) IS NOT TRUE THEN 'cancelled'
            WHEN next_attempt_at > now() THEN 'deferred'
            WHEN NOT enabled THEN 'skipped'
            WHEN first_in_line <> candidate.id OR circuit_probe_at > now() THEN 'parked'
            WHEN locked_webhook.paused_at IS NOT NULL OR (SELECT paused_at FROM delivery_pause WHERE "only") IS NOT NULL THEN 'parked'
            ELSE 'claimed'
          END AS wanted_action
        FROM candidate LEFT JOIN locked_webhook ON locked_webhook.id = candidate.webhook_id
      ), within_slots AS (
        SELECT *, CASE WHEN wanted_action = 'claimed' AND in_flight + rank > slots THEN 'parked' ELSE wanted_action END AS slot_action
        FROM (
          SELECT *, row_number() OVER (PARTITION BY webhook_id, wanted_action ORDER BY priority, event_position) AS rank FROM checked
        ) AS ranked
      ), decided AS MATERIALIZED (
        SELECT *, CASE WHEN slot_action = 'claimed' AND rate_limit IS NOT NULL AND permit_at > now() THEN 'rate_limited' ELSE slot_action END AS action
        FROM (
          SELECT *, greatest(rate_next_at, now() - interval '${String(BURST_S)} s') + (rank - 1) * interval '1 s' / rate_limit AS permit_at
          FROM within_slots
        ) AS paced
      ), updated AS (
        UPDATE deliveries SET
          status = CASE WHEN action IN ('cancelled', 'skipped') THEN action::delivery_status ELSE deliveries.status END,
          stage = CASE action WHEN 'claimed' THEN 'admitted' WHEN 'rate_limited' THEN 'admitted' WHEN 'parked' THEN 'parked' END::delivery_stage,
          lease_token = CASE WHEN action = 'claimed' THEN gen_random_uuid() END,
          wake_at = CASE action
            WHEN 'claimed' THEN now() + make_interval(secs => $2::float8 / 1000)
            WHEN 'rate_limited' THEN permit_at + make_interval(secs => $3::float8 / 1000)
          END,
          next_attempt_at = CASE WHEN action IN ('cancelled', 'skipped') THEN NULL ELSE deliveries.next_attempt_at END,
          finished_at = CASE WHEN action IN ('cancelled', 'skipped') THEN now() END
        FROM decided WHERE deliveries.id = decided.id AND action <> 'deferred' AND (action <> 'parked' OR decided.stage <> 'parked')
        RETURNING decided.*, deliveries.lease_token AS new_lease_token
      ), updated_webhook AS (
        UPDATE webhooks SET
          circuit_probe_at = CASE WHEN circuit_opened_at IS NOT NULL THEN now() + make_interval(secs => $2::float8 / 1000) END,
          rate_next_at = CASE WHEN rate_limit IS NOT NULL
            THEN greatest(rate_next_at, now() - interval '${String(BURST_S)} s') + claimed.count * interval '1 s' / rate_limit END
        FROM (SELECT webhook_id, count(*) AS count FROM decided WHERE action = 'claimed' GROUP BY webhook_id) AS claimed
        WHERE webhooks.id = webhook_id AND (circuit_opened_at IS NOT NULL OR rate_limit IS NOT NULL)
      )
      SELECT updated.id, action, new_lease_token AS lease_token, webhook_id, updated.owner, url, sealed_secret, sealed_previous_secrets,
        sealed_headers, attempt_count, prior_attempts, replay, retry_max_attempts, retry_initial_delay_ms, retry_max_delay_ms,
        ceil(extract(epoch FROM permit_at - now()) * 1000)::float8 AS due_in_ms,
        floor(extract(epoch FROM clock_timestamp()))::float8 AS claimed_at,
        event_id, event_type, events.data::text AS event_data,
        to_char(events.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS event_timestamp, events.traceparent
      FROM updated
      LEFT JOIN events ON action = 'claimed' AND events.accepted_at = created_at AND events.position = event_position
      WHERE action <> 'parked'
      UNION ALL
      SELECT id, action, NULL, webhook_id, NULL, NULL, NULL, NULL, NULL, attempt_count, prior_attempts, replay, NULL, NULL, NULL,
        ceil(extract(epoch FROM next_attempt_at - now()) * 1000)::float8, NULL, NULL, NULL, NULL, NULL, NULL
      FROM decided WHERE action = 'deferred'
      UNION ALL
      SELECT id, 'deferred', NULL, webhook_id, NULL, NULL, NULL, NULL, NULL, attempt_count, prior_attempts, replay, NULL, NULL, NULL,
        ${String(LOCKED_MS)}, NULL, NULL, NULL, NULL, NULL, NULL
      FROM unnest($1::text[]) AS wanted (id) JOIN deliveries USING (id)
      WHERE (SELECT count(*) FROM named) < cardinality($1::text[])
        AND status = 'pending' AND (lease_token IS NULL OR wake_at <= now()) AND id NOT IN (SELECT id FROM named)`,
    values: [ids, leaseMs, wakeAfterMs, next.map(({ webhookId }) => webhookId), next.map(({ count }) => count)],
  });
  return rows.flatMap((row) => {
    if (row.action !== 'cancelled' && row.action !== 'skipped') return [toClaim(row)];
    onEnded?.(row.action);
    return [];
  });
}

function toClaim(row: Row): Claim {
  if (row.action !== 'claimed') return { state: 'deferred', id: row.id, webhookId: row.webhook_id, dueInMs: row.due_in_ms };
  return {
    state: 'claimed',
    id: row.id,
    leaseToken: row.lease_token,
    webhookId: row.webhook_id,
    owner: row.owner,
    url: row.url,
    sealedSecret: row.sealed_secret,
    sealedPreviousSecrets: row.sealed_previous_secrets,
    sealedHeaders: row.sealed_headers,
    claimedAt: row.claimed_at,
    eventId: row.event_id,
    eventType: row.event_type,
    eventTimestamp: row.event_timestamp,
    eventData: row.event_data,
    traceparent: row.traceparent,
    attemptCount: row.attempt_count,
    priorAttempts: row.prior_attempts,
    replay: row.replay,
    retry: {
      maxAttempts: row.retry_max_attempts,
      initialDelayMs: row.retry_initial_delay_ms,
      maxDelayMs: row.retry_max_delay_ms,
    },
  };
}
