import type { Queryable } from '../database.js';

/** What one attempt did, and what becomes of its delivery. */
export interface AttemptRecord {
  deliveryId: string;
  /** Of the claim that allowed the attempt. Once another worker has claimed, nothing is recorded. */
  leaseToken: string;
  /** Where it was sent to. */
  url: string;
  /** Milliseconds from its start until now, on the worker's monotonic clock: times are the database's own. */
  startedAgoMs: number;
  durationMs: number;
  statusCode: number | null;
  errorClass: string | null;
  error: string | null;
  responseBody: string | null;
  outcome:
    | { status: 'succeeded' }
    | { status: 'failed' }
    /** `retryInMs`: when the next attempt is due. */
    | { status: 'pending'; retryInMs: number };
}

/** How a webhook's failures are judged. */
export interface HealthRules {
  /** After so many attempts in a row without a response its circuit opens. */
  circuitAfter: number;
  /** The first probe comes after this long, in milliseconds; each further one after as long as the circuit has been open … */
  probeAfterMs: number;
  /** … up to this. */
  probeAtMostMs: number;
  /** It is disabled when a delivery is exhausted, and every attempt has failed for this long, in milliseconds. */
  disableAfterMs: number;
}

export interface RecordOptions {
  /** How long after a retry is due at the latest the reconciler looks whether it happened, in milliseconds. */
  wakeAfterMs: number;
  health: HealthRules;
}

/** How many webhooks' health took a turn. */
export interface HealthChanges {
  circuitsOpened: number;
  circuitsClosed: number;
  disabledFailing: number;
  disabledGone: number;
}

export interface Recorded {
  /** The tokens of the leases that still held, and whether something waits for the slot that each had. */
  held: Map<string, { backlogged: boolean }>;
  /** Null when nothing changed. */
  changes: HealthChanges | null;
}

/**
 * Commits many attempts and their deliveries' new states in one statement, as far as their leases still hold (I3). A
 * delivery that was cancelled while it was under way stays cancelled; its attempt is kept. Rows are locked in the order
 * of their ids, deliveries before webhooks, as everywhere, so that two statements never wait for each other.
 *
 * A webhook's row is written only when its health changes: any response closes its circuit, a success ends its time of
 * failing, a 410, or a delivery that is exhausted when nothing has succeeded for too long, disables it.
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
          -- A fifo delivery keeps its slot, and with it the others back, until it succeeds or is exhausted.
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
      ), kept AS (
        INSERT INTO attempts (delivery_id, number, started_at, duration_ms, replay, status_code, error_class, error, response_body)
        SELECT delivery_id, attempt_count, now() - make_interval(secs => started_ago_ms / 1000), duration_ms, replay, status_code,
          error_class, error, response_body
        FROM updated
      ), seen AS (
        SELECT webhook_id, bool_or(status_code IS NOT NULL) AS reached, count(*) FILTER (WHERE status_code IS NULL) AS silent,
          bool_or(error_class IS NULL) AS succeeded, bool_or(status_code = 410) AS gone, bool_or(held.status = 'failed') AS exhausted
        -- What an earlier URL of the webhook answered says nothing about the one that it has now.
        FROM held JOIN webhooks ON webhooks.id = webhook_id AND webhooks.url = held.url GROUP BY webhook_id
      ), changing AS MATERIALIZED (
        -- All that the verdict needs comes from the row as it is once locked.
        SELECT seen.*, failing_since, enabled AS was_enabled, circuit_opened_at IS NOT NULL AS was_open FROM seen JOIN webhooks ON webhooks.id = webhook_id
        WHERE NOT reached OR unreachable_count > 0 OR circuit_opened_at IS NOT NULL OR gone
          OR succeeded <> (failing_since IS NULL)
          OR (exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $15::float8 / 1000))
        ORDER BY webhook_id FOR NO KEY UPDATE OF webhooks
      ), judged AS (
        UPDATE webhooks SET
          unreachable_count = CASE WHEN reached THEN 0 ELSE unreachable_count + silent END,
          circuit_opened_at = CASE WHEN reached THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + silent >= $12::int THEN coalesce(circuit_opened_at, now()) END,
          circuit_probe_at = CASE WHEN reached THEN NULL
            WHEN circuit_opened_at IS NOT NULL OR unreachable_count + silent >= $12::int THEN now()
              + least(greatest(now() - circuit_opened_at, make_interval(secs => $13::float8 / 1000)), make_interval(secs => $14::float8 / 1000)) END,
          failing_since = CASE WHEN succeeded THEN NULL ELSE coalesce(webhooks.failing_since, now()) END,
          enabled = enabled AND verdict IS NULL,
          disabled_reason = CASE WHEN enabled THEN verdict ELSE disabled_reason END,
          disabled_at = CASE WHEN enabled AND verdict IS NOT NULL THEN now() ELSE disabled_at END,
          updated_at = CASE WHEN enabled AND verdict IS NOT NULL THEN now() ELSE updated_at END
        FROM (
          SELECT changing.*,
            CASE WHEN gone THEN 'gone'
              WHEN exhausted AND NOT succeeded AND failing_since <= now() - make_interval(secs => $15::float8 / 1000) THEN 'failing'
            END::webhook_disabled_reason AS verdict
          FROM changing
        ) AS changing
        WHERE webhooks.id = changing.webhook_id
        RETURNING was_open, circuit_opened_at IS NOT NULL AS is_open, CASE WHEN was_enabled THEN verdict END AS disabled
      )
      SELECT token, webhook_id,
        -- Asked once for each webhook, of its first row.
        CASE WHEN row_number() OVER (PARTITION BY webhook_id) = 1
          THEN EXISTS (SELECT FROM deliveries AS waiting WHERE waiting.webhook_id = held.webhook_id AND waiting.stage = 'parked')
          ELSE false END AS backlogged,
        NULL::json AS changes
      FROM held
      UNION ALL
      SELECT NULL, NULL, NULL, json_build_object(
        'circuitsOpened', count(*) FILTER (WHERE is_open AND NOT was_open), 'circuitsClosed', count(*) FILTER (WHERE was_open AND NOT is_open),
        'disabledFailing', count(*) FILTER (WHERE disabled = 'failing'), 'disabledGone', count(*) FILTER (WHERE disabled = 'gone'))
      FROM judged WHERE is_open <> was_open OR disabled IS NOT NULL HAVING count(*) > 0`,
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
  const settled = rows.flatMap((row) => {
    if (row.token !== null) return [row];
    ({ changes } = row);
    return [];
  });
  const backlogged = new Set(settled.filter((row) => row.backlogged).map((row) => row.webhook_id));
  return { held: new Map(settled.map((row) => [row.token, { backlogged: backlogged.has(row.webhook_id) }])), changes };
}
