import type { Queryable } from '../database.js';

/** One attempt, and the next state of its delivery. */
export interface AttemptRecord {
  deliveryId: string;
  /** Token of the claim that allowed the attempt. Once another worker has claimed, the attempt is not recorded. */
  leaseToken: string;
  /** The URL that it was sent to. */
  url: string;
  /** Time from its start until now, in milliseconds by the worker's monotonic clock: recorded times are by the database's clock. */
  startedAgoMs: number;
  durationMs: number;
  /** The headers that were sent, without credentials; null: nothing was sent. */
  requestHeaders: Readonly<Record<string, string>> | null;
  /** Null without a response. */
  statusCode: number | null;
  /** Null for a 2xx. */
  errorClass: string | null;
  /** One sentence for the owner; null for a 2xx. */
  error: string | null;
  /** Null without a response. */
  responseHeaders: Readonly<Record<string, string>> | null;
  /** The first 4 KB of the body, as text; null without a response. */
  responseBody: string | null;
  /**
   * Whether it uses up one of the attempts of the retry policy. One that does not and has no response met a connection that was
   * closed already: it says nothing of the webhook's health either, and the delivery has been resent.
   */
  counted: boolean;
  /**
   * What the receiver asked for with a 429, or a 503 with `Retry-After`; null: it did not ask to slow down. `askedMs`: the time
   * that it named, in milliseconds; null, or not above 0: it named none. `jitter`: random, from 0 to 1.
   */
  throttle: { askedMs: number | null; jitter: number } | null;
  /** The `slowDowns` of the claim. */
  slowDowns: number;
  outcome:
    | { status: 'succeeded' }
    | { status: 'failed' }
    /** `retryInMs`: time until the next attempt is due. An attempt that was throttled and not counted is due when its webhook's hold ends. */
    | { status: 'pending'; retryInMs: number };
}

/** The rules for the circuit and for disabling a webhook. */
export interface HealthRules {
  /** Number of attempts in a row without a response after which the circuit opens. */
  circuitAfter: number;
  /** Time until the first probe, in milliseconds. Each later probe waits as long as the circuit has been open. */
  probeAfterMs: number;
  /** Maximum wait before a probe, in milliseconds. */
  probeAtMostMs: number;
  /** A webhook is disabled when a delivery runs out of attempts and every attempt has failed for this time, in milliseconds. */
  disableAfterMs: number;
}

/** Times and rules for recording attempts. */
export interface RecordOptions {
  /** Time from when a retry is due until the reconciler checks whether it was made, in milliseconds. */
  wakeAfterMs: number;
  health: HealthRules;
}

/** Number of webhooks whose circuit or state changed. */
export interface HealthChanges {
  circuitsOpened: number;
  circuitsClosed: number;
  disabledFailing: number;
  disabledGone: number;
}

/** The result of recording attempts. */
export interface Recorded {
  /**
   * By the tokens of the leases that still held: whether the webhook has parked deliveries for the free slot; `againInMs`: if the
   * delivery was to be attempted again whatever the response, the time until it is due; `heldForMs`: if it was parked because its
   * receiver asked to slow down, the time until the hold ends. In milliseconds.
   */
  held: Map<string, { backlogged: boolean; againInMs: number | null; heldForMs: number | null }>;
  /** The tokens of attempts that were not recorded, because a row is locked by another transaction: record them again. */
  locked: Set<string>;
  /** Null when nothing changed. */
  changes: HealthChanges | null;
  /** The webhooks whose flow was slowed down. */
  slowed: SlowedWebhook[];
}

/** A webhook whose receiver asked to slow down, or was overloaded. */
export interface SlowedWebhook {
  webhookId: string;
  /** When its hold ends, in Unix milliseconds of the database's clock; null: it is not held. */
  throttledUntil: number | null;
  /** The rate at which it goes on. */
  requestsPerSecond: number | null;
}

/** The columns of the one row that the statement returns. */
interface Row {
  held: { token: string; webhookId: string; againInMs: number | null; heldForMs: number | null }[];
  locked: string[];
  backlogged: string[];
  changes: HealthChanges;
  slowed: SlowedWebhook[];
}

/**
 * Records many attempts and the new states of their deliveries in one statement, if their leases still hold (I3). A delivery
 * that was cancelled or skipped with the request in flight is succeeded if the request did, and otherwise stays so; its attempt
 * is recorded in any case.
 *
 * It waits for no lock: an attempt whose delivery, or whose webhook's health, another transaction has locked is answered as
 * locked, and the others are recorded.
 *
 * An attempt that was throttled and not counted leaves its delivery parked, in its place: it is due, and its webhook is held.
 *
 * A webhook's row is written only when its health or its flow (`slow_down`) changes. Any response closes its circuit. A success clears
 * `failing_since`. A 410 disables it, and so does a delivery that runs out of attempts when no attempt has succeeded for
 * `disableAfterMs`.
 */
export async function recordAttempts(
  sql: Queryable,
  records: readonly AttemptRecord[],
  { wakeAfterMs, health }: RecordOptions,
): Promise<Recorded> {
  const ids = records.map(({ deliveryId }) => deliveryId);
  const inOrder = ids.toSorted();
  const { rows } = await sql.query<Row>({
    name: 'record_attempts',
    text: `
      WITH record AS (
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::float8[], $5::int[], $6::int[], $7::text[], $8::text[], $9::text[],
            $10::delivery_status[], $11::float8[], $19::boolean[], $20::text[], $21::text[], $22::boolean[], $23::float8[], $24::float8[],
            $25::int[])
          AS record (delivery_id, token, url, started_ago_ms, duration_ms, status_code, error_class, error, response_body, outcome, retry_in_ms,
            counted, request_headers, response_headers, throttled, asked_ms, jitter, seen_slow_downs)
      ), leased AS MATERIALIZED (
        SELECT record.*, webhook_id FROM record JOIN pending_deliveries USING (delivery_id) WHERE lease_token = token
      ), recordable AS MATERIALIZED (
        SELECT leased.*, attempt_count + 1 AS number, priority, next_attempt_at, prior_attempts, replay, again, first_attempt_at,
          NOT ended AND (again OR outcome = 'pending') AS goes_on, throttled AND NOT counted AND NOT again AS parks
        FROM leased JOIN pending_deliveries USING (delivery_id) WHERE lease_token = token
        ORDER BY delivery_id FOR UPDATE OF pending_deliveries SKIP LOCKED
      ), answers AS (
        -- A locked delivery's answer counts when it is recorded, once.
        SELECT webhook_id, bool_or(status_code IS NOT NULL) AS answered, count(*) FILTER (WHERE status_code IS NULL) AS unanswered,
          bool_or(error_class IS NULL) AS succeeded, bool_or(status_code = 410) AS gone, bool_or(outcome = 'failed') AS exhausted,
          max(seen_slow_downs) FILTER (WHERE throttled) AS throttled_since,
          max(seen_slow_downs) FILTER (WHERE status_code IN (502, 503, 504) AND NOT throttled) AS overloaded_since,
          max(seen_slow_downs) FILTER (WHERE status_code IS NOT NULL AND NOT throttled) AS answered_since,
          max(asked_ms) FILTER (WHERE throttled AND asked_ms > 0) AS asked_ms, max(jitter) AS jitter, min(recordable.url) AS url
        -- A response of an earlier URL does not count for the URL that the webhook has now.
        FROM recordable JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = recordable.url
        WHERE counted OR status_code IS NOT NULL GROUP BY webhook_id
      ), affected AS MATERIALIZED (
        SELECT answers.* FROM answers JOIN webhooks ON webhooks.id = webhook_id
        WHERE NOT answered OR unreachable_count > 0 OR circuit_opened_at IS NOT NULL OR gone
          OR succeeded <> (failing_since IS NULL)
          OR (exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $16::float8 / 1000))
          OR throttled_since IS NOT NULL OR overloaded_since = slow_downs
          OR ((throttled_until IS NOT NULL OR backoff_count > 0) AND answered_since = slow_downs)
      ), locked_webhook AS MATERIALIZED (
        -- The decision to disable the webhook reads its row after the row is locked. If its URL was changed since this statement's
        -- snapshot, the attempt is answered as locked, and recorded with a new one.
        SELECT affected.*, failing_since, enabled AS was_enabled, circuit_opened_at IS NOT NULL AS was_open, webhooks AS webhook
        FROM affected JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = affected.url
        ORDER BY webhook_id FOR NO KEY UPDATE OF webhooks SKIP LOCKED
      ), slowed_webhook AS MATERIALIZED (
        SELECT *, slow_down(webhook, now(), throttled_since, overloaded_since, answered_since, asked_ms, jitter) AS flow
        FROM locked_webhook
      ), held AS MATERIALIZED (
        SELECT * FROM recordable
        WHERE webhook_id NOT IN (SELECT webhook_id FROM affected) OR webhook_id IN (SELECT webhook_id FROM locked_webhook)
      ), inserted_attempt AS (
        INSERT INTO attempts (delivery_id, number, started_at, duration_ms, replay, counted, status_code, error_class, error,
          response_body, url, request_headers, response_headers, webhook_id, hour)
        SELECT delivery_id, number, now() - make_interval(secs => started_ago_ms / 1000), duration_ms, replay AND NOT again, counted,
          status_code, error_class, error, response_body, url, request_headers::json, response_headers::json, webhook_id,
          floor((extract(epoch FROM now()) - started_ago_ms / 1000) / 3600)::int
        FROM held
      ), removed AS (
        DELETE FROM pending_deliveries USING held WHERE pending_deliveries.delivery_id = held.delivery_id AND NOT goes_on
        RETURNING held.delivery_id, number, outcome, ended
      ), logged AS (
        UPDATE deliveries SET attempt_count = number,
          status = CASE WHEN ended AND outcome <> 'succeeded' THEN status ELSE outcome END,
          finished_at = CASE WHEN ended AND outcome <> 'succeeded' THEN finished_at ELSE now() END
        -- The bounds keep the partitions of other times out of the plan.
        FROM removed WHERE deliveries.id = delivery_id AND deliveries.id BETWEEN $17::text AND $18::text
      ), continued AS (
        UPDATE pending_deliveries SET
          attempt_count = number, stage = CASE WHEN parks THEN 'parked' ELSE 'backoff' END::delivery_stage, lease_token = NULL,
          leased_until = NULL, again = false, resent = resent OR NOT counted AND status_code IS NULL,
          prior_attempts = CASE WHEN held.again THEN number WHEN counted THEN held.prior_attempts ELSE held.prior_attempts + 1 END,
          first_attempt_at = CASE WHEN NOT held.again THEN least(held.first_attempt_at, now()) END,
          priority = CASE WHEN parks OR ordering = 'fifo' THEN held.priority ELSE greatest(held.priority, 1) END,
          next_attempt_at = due_at, wake_at = CASE WHEN NOT parks THEN due_at + make_interval(secs => $12::float8 / 1000) END
        FROM (
          -- What the receiver at an earlier URL answered does not hold back what goes to another one.
          SELECT held.*, ordering, CASE WHEN again THEN greatest(next_attempt_at, now()) WHEN parks OR webhooks.url <> held.url THEN now()
            ELSE now() + make_interval(secs => retry_in_ms / 1000) END AS due_at
          FROM held LEFT JOIN webhooks ON webhooks.id = webhook_id
        ) AS held
        WHERE pending_deliveries.delivery_id = held.delivery_id AND goes_on
      ), updated_webhook AS (
        UPDATE webhooks SET
          unreachable_count = CASE WHEN answered THEN 0 ELSE unreachable_count + unanswered END,
          circuit_opened_at = CASE WHEN answered THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + unanswered >= $13::int THEN coalesce(circuit_opened_at, now()) END,
          circuit_probe_at = CASE WHEN answered THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + unanswered >= $13::int THEN now()
              + least(greatest(now() - circuit_opened_at, make_interval(secs => $14::float8 / 1000)), make_interval(secs => $15::float8 / 1000)) END,
          failing_since = CASE WHEN succeeded THEN NULL ELSE coalesce(webhooks.failing_since, now()) END,
          throttled_until = (flow).throttled_until, backoff_count = (flow).backoff_count, slow_downs = (flow).slow_downs,
          slowed_at = (flow).slowed_at, learned_rate = (flow).learned_rate, learned_from = (flow).learned_from,
          enabled = enabled AND disable_as IS NULL,
          disabled_reason = CASE WHEN enabled THEN disable_as ELSE disabled_reason END,
          disabled_at = CASE WHEN enabled AND disable_as IS NOT NULL THEN now() ELSE disabled_at END,
          updated_at = CASE WHEN enabled AND disable_as IS NOT NULL THEN now() ELSE updated_at END
        FROM (
          SELECT slowed_webhook.*,
            CASE WHEN gone THEN 'gone'
              WHEN exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $16::float8 / 1000) THEN 'failing'
            END::webhook_disabled_reason AS disable_as
          FROM slowed_webhook
        ) AS affected_now
        WHERE webhooks.id = affected_now.webhook_id
        RETURNING webhooks.id AS webhook_id, webhooks.throttled_until, webhooks.learned_rate,
          webhooks.slow_downs > (webhook).slow_downs AS is_slowed, was_open, circuit_opened_at IS NOT NULL AS is_open, CASE WHEN was_enabled THEN disable_as END AS disabled
      )
      SELECT
        (SELECT coalesce(json_agg(json_build_object('token', token, 'webhookId', webhook_id, 'againInMs', CASE WHEN again AND goes_on
            THEN greatest(0, ceil(extract(epoch FROM next_attempt_at - now()) * 1000)) END,
            'heldForMs', CASE WHEN parks AND goes_on THEN (SELECT greatest(0, ceil(extract(epoch FROM throttled_until - now()) * 1000))
              FROM updated_webhook WHERE updated_webhook.webhook_id = held.webhook_id AND throttled_until IS NOT NULL) END)), '[]') FROM held) AS held,
        (SELECT coalesce(json_agg(json_build_object('webhookId', webhook_id, 'requestsPerSecond', learned_rate,
            'throttledUntil', floor(extract(epoch FROM throttled_until) * 1000))), '[]') FROM updated_webhook WHERE is_slowed) AS slowed,
        (SELECT coalesce(json_agg(token), '[]') FROM leased WHERE token NOT IN (SELECT token FROM held)) AS locked,
        (SELECT coalesce(json_agg(webhook_id), '[]') FROM (SELECT DISTINCT webhook_id FROM held) AS of_held
          JOIN webhooks ON webhooks.id = webhook_id WHERE has_parked(webhooks)) AS backlogged,
        (SELECT json_build_object(
            'circuitsOpened', count(*) FILTER (WHERE is_open AND NOT was_open), 'circuitsClosed', count(*) FILTER (WHERE was_open AND NOT is_open),
            'disabledFailing', count(*) FILTER (WHERE disabled = 'failing'), 'disabledGone', count(*) FILTER (WHERE disabled = 'gone'))
          FROM updated_webhook) AS changes`,
    values: [
      ids,
      records.map(({ leaseToken }) => leaseToken),
      records.map(({ url }) => url),
      records.map(({ startedAgoMs }) => startedAgoMs),
      records.map(({ durationMs }) => durationMs),
      records.map(({ statusCode }) => statusCode),
      records.map(({ errorClass }) => errorClass),
      records.map(({ error }) => error),
      records.map(({ responseBody }) => responseBody),
      records.map(({ outcome }) => outcome.status),
      records.map(({ outcome }) => (outcome.status === 'pending' ? outcome.retryInMs : null)),
      wakeAfterMs,
      health.circuitAfter,
      health.probeAfterMs,
      health.probeAtMostMs,
      health.disableAfterMs,
      inOrder[0],
      inOrder.at(-1),
      records.map(({ counted }) => counted),
      records.map(({ requestHeaders }) => requestHeaders && JSON.stringify(requestHeaders)),
      records.map(({ responseHeaders }) => responseHeaders && JSON.stringify(responseHeaders)),
      records.map(({ throttle }) => throttle !== null),
      records.map(({ throttle }) => throttle?.askedMs ?? null),
      records.map(({ throttle }) => throttle?.jitter ?? null),
      records.map(({ slowDowns }) => slowDowns),
    ],
  });
  const { held, locked, backlogged, changes, slowed } = rows[0] as Row;
  const waiting = new Set(backlogged);
  return {
    held: new Map(held.map(({ token, webhookId, ...times }) => [token, { backlogged: waiting.has(webhookId), ...times }])),
    slowed,
    locked: new Set(locked),
    changes: Object.values(changes as unknown as Record<string, number>).some((count) => count > 0) ? changes : null,
  };
}
