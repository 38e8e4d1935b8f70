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
  /** Null without a response. */
  statusCode: number | null;
  /** Null for a 2xx. */
  errorClass: string | null;
  /** One sentence for the owner; null for a 2xx. */
  error: string | null;
  /** The first 4 KB of the body, as text; null without a response. */
  responseBody: string | null;
  outcome:
    | { status: 'succeeded' }
    | { status: 'failed' }
    /** `retryInMs`: time until the next attempt is due. */
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
  /** By the tokens of the leases that still held, whether the webhook has parked deliveries for the free slot. */
  held: Map<string, { backlogged: boolean }>;
  /** Null when nothing changed. */
  changes: HealthChanges | null;
}

/**
 * Records many attempts and the new states of their deliveries in one statement, if their leases still hold (I3). A delivery
 * that was cancelled with the request in flight stays cancelled; its attempt is recorded. As everywhere, rows are locked in the
 * order of their ids, deliveries before webhooks, so that two statements cannot deadlock.
 *
 * A webhook's row is written only when its health changes. Any response closes its circuit. A success clears
 * `failing_since`. A 410 disables it, and so does a delivery that runs out of attempts when no attempt has succeeded for
 * `disableAfterMs`.
 */
export async function recordAttempts(
  sql: Queryable,
  records: readonly AttemptRecord[],
  { wakeAfterMs, health }: RecordOptions,
): Promise<Recorded> {
  const { rows } = await sql.query<
    { token: string; webhook_id: string; backlogged: boolean } | { token: null; changes: HealthChanges }
  >({
    name: 'record_attempts',
    text: `
      WITH record AS (
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::float8[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[],
            $9::delivery_status[], $10::float8[], $16::text[])
          AS record (delivery_id, token, started_ago_ms, duration_ms, status_code, error_class, error, response_body, status, retry_in_ms, url)
      ), held AS MATERIALIZED (
        SELECT record.*, webhook_id, replay, deliveries.status = 'pending' AS open
        FROM record JOIN deliveries ON id = delivery_id AND lease_token = token
        ORDER BY id FOR UPDATE OF deliveries
      ), updated AS (
        UPDATE deliveries SET
          attempt_count = attempt_count + 1,
          status = CASE WHEN open THEN held.status ELSE deliveries.status END,
          -- A fifo delivery keeps its slot, so that the others wait, until it succeeds or is out of attempts.
          stage = CASE WHEN open AND held.status = 'pending' THEN
            CASE WHEN ordering = 'fifo' THEN 'admitted' ELSE 'backoff' END::delivery_stage END,
          priority = CASE WHEN ordering = 'fifo' THEN priority ELSE greatest(priority, 1) END,
          next_attempt_at = CASE WHEN open THEN now() + make_interval(secs => retry_in_ms / 1000) END,
          wake_at = CASE WHEN open THEN now() + make_interval(secs => (retry_in_ms + $11::float8) / 1000) END,
          finished_at = CASE WHEN open AND held.status = 'pending' THEN NULL ELSE coalesce(finished_at, now()) END,
          lease_token = NULL
        FROM held LEFT JOIN webhooks ON webhooks.id = held.webhook_id
        WHERE deliveries.id = delivery_id
        RETURNING held.*, attempt_count
      ), inserted_attempt AS (
        INSERT INTO attempts (delivery_id, number, started_at, duration_ms, replay, status_code, error_class, error, response_body)
        SELECT delivery_id, attempt_count, now() - make_interval(secs => started_ago_ms / 1000), duration_ms, replay, status_code,
          error_class, error, response_body
        FROM updated
      ), answers AS (
        SELECT webhook_id, bool_or(status_code IS NOT NULL) AS answered, count(*) FILTER (WHERE status_code IS NULL) AS unanswered,
          bool_or(error_class IS NULL) AS succeeded, bool_or(status_code = 410) AS gone, bool_or(held.status = 'failed') AS exhausted
        -- A response of an earlier URL does not count for the URL that the webhook has now.
        FROM held JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = held.url GROUP BY webhook_id
      ), affected_webhook AS MATERIALIZED (
        -- The decision to disable the webhook reads its row after the row is locked.
        SELECT answers.*, failing_since, enabled AS was_enabled, circuit_opened_at IS NOT NULL AS was_open FROM answers JOIN webhooks ON webhooks.id = webhook_id
        WHERE NOT answered OR unreachable_count > 0 OR circuit_opened_at IS NOT NULL OR gone
          OR succeeded <> (failing_since IS NULL)
          OR (exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $15::float8 / 1000))
        ORDER BY webhook_id FOR NO KEY UPDATE OF webhooks
      ), updated_webhook AS (
        UPDATE webhooks SET
          unreachable_count = CASE WHEN answered THEN 0 ELSE unreachable_count + unanswered END,
          circuit_opened_at = CASE WHEN answered THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + unanswered >= $12::int THEN coalesce(circuit_opened_at, now()) END,
          circuit_probe_at = CASE WHEN answered THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + unanswered >= $12::int THEN now()
              + least(greatest(now() - circuit_opened_at, make_interval(secs => $13::float8 / 1000)), make_interval(secs => $14::float8 / 1000)) END,
          failing_since = CASE WHEN succeeded THEN NULL ELSE coalesce(webhooks.failing_since, now()) END,
          enabled = enabled AND disable_as IS NULL,
          disabled_reason = CASE WHEN enabled THEN disable_as ELSE disabled_reason END,
          disabled_at = CASE WHEN enabled AND disable_as IS NOT NULL THEN now() ELSE disabled_at END,
          updated_at = CASE WHEN enabled AND disable_as IS NOT NULL THEN now() ELSE updated_at END
        FROM (
          SELECT affected_webhook.*,
            CASE WHEN gone THEN 'gone'
              WHEN exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $15::float8 / 1000) THEN 'failing'
            END::webhook_disabled_reason AS disable_as
          FROM affected_webhook
        ) AS affected
        WHERE webhooks.id = affected.webhook_id
        RETURNING was_open, circuit_opened_at IS NOT NULL AS is_open, CASE WHEN was_enabled THEN disable_as END AS disabled
      )
      SELECT token, webhook_id,
        -- Checked once for each webhook, in its first row.
        CASE WHEN row_number() OVER (PARTITION BY webhook_id) = 1
          THEN EXISTS (SELECT FROM deliveries AS parked WHERE parked.webhook_id = held.webhook_id AND parked.stage = 'parked')
          ELSE false END AS backlogged,
        NULL::json AS changes
      FROM held
      UNION ALL
      SELECT NULL, NULL, NULL, json_build_object(
        'circuitsOpened', count(*) FILTER (WHERE is_open AND NOT was_open), 'circuitsClosed', count(*) FILTER (WHERE was_open AND NOT is_open),
        'disabledFailing', count(*) FILTER (WHERE disabled = 'failing'), 'disabledGone', count(*) FILTER (WHERE disabled = 'gone'))
      FROM updated_webhook WHERE is_open <> was_open OR disabled IS NOT NULL HAVING count(*) > 0`,
    values: [
      records.map(({ deliveryId }) => deliveryId),
      records.map(({ leaseToken }) => leaseToken),
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
      records.map(({ url }) => url),
    ],
  });
  let changes: HealthChanges | null = null;
  const recorded = rows.flatMap((row) => {
    if (row.token !== null) return [row];
    ({ changes } = row);
    return [];
  });
  const backlogged = new Set(recorded.filter((row) => row.backlogged).map((row) => row.webhook_id));
  return { held: new Map(recorded.map((row) => [row.token, { backlogged: backlogged.has(row.webhook_id) }])), changes };
}
