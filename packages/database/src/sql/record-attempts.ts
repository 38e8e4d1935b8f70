import type { Queryable } from '../database.js';

/** What one attempt did, and what becomes of its delivery. */
export interface AttemptRecord {
  deliveryId: string;
  /** Of the claim that allowed the attempt. Once another worker has claimed, nothing is recorded. */
  leaseToken: string;
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
    /** `retryInMs`: no attempt is made before; `retryByMs`: when it is due at the latest, by default the same. */
    | { status: 'pending'; retryInMs: number; retryByMs?: number };
}

/**
 * Commits many attempts and their deliveries' new states in one statement, and answers with the tokens of the
 * leases that still held (I3). A delivery that was cancelled while it was under way stays cancelled; its attempt is kept.
 * Rows are locked in the order of their ids, as everywhere, so that two statements never wait for each other.
 *
 * @param wakeAfterMs how long after a retry is due at the latest the reconciler looks whether it happened, in milliseconds
 */
export async function recordAttempts(
  sql: Queryable,
  records: readonly AttemptRecord[],
  wakeAfterMs: number,
): Promise<Set<string>> {
  const { rows } = await sql.query<{ token: string }>({
    name: 'record_attempts',
    text: `
      WITH record AS (
        SELECT * FROM unnest($1::text[], $2::uuid[], $3::float8[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[],
            $9::delivery_status[], $10::float8[], $11::float8[])
          AS record (delivery_id, token, started_ago_ms, duration_ms, status_code, error_class, error, response_body, status, retry_in_ms, retry_by_ms)
      ), held AS (
        SELECT record.*, deliveries.status = 'pending' AS open
        FROM deliveries JOIN record ON id = delivery_id AND lease_token = token
        ORDER BY id FOR UPDATE OF deliveries
      ), updated AS (
        UPDATE deliveries SET
          attempt_count = attempt_count + 1,
          status = CASE WHEN open THEN held.status ELSE deliveries.status END,
          next_attempt_at = CASE WHEN open THEN now() + make_interval(secs => retry_in_ms / 1000) END,
          wake_at = CASE WHEN open THEN now() + make_interval(secs => (retry_by_ms + $12::float8) / 1000) END,
          finished_at = CASE WHEN open AND held.status = 'pending' THEN NULL ELSE coalesce(finished_at, now()) END,
          lease_token = NULL
        FROM held WHERE deliveries.id = delivery_id
        RETURNING deliveries.id, attempt_count
      ), kept AS (
        INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code, error_class, error, response_body)
        SELECT delivery_id, attempt_count, now() - make_interval(secs => started_ago_ms / 1000), duration_ms, status_code,
          error_class, error, response_body
        FROM held JOIN updated ON updated.id = delivery_id
      )
      SELECT token FROM held`,
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
      records.map(({ outcome }) => (outcome.status === 'pending' ? (outcome.retryByMs ?? outcome.retryInMs) : null)),
      wakeAfterMs,
    ],
  });
  return new Set(rows.map(({ token }) => token));
}
