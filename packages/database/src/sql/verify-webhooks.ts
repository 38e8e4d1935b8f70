import type { Queryable } from '../database.js';
import type { Endpoint } from './read-endpoint.js';

/** A webhook whose receiver is to answer a challenge now. */
export interface UnverifiedWebhook extends Endpoint {
  /** The number of this attempt, since the webhook began to wait or its owner asked last. */
  attempt: number;
}

/** Number of webhooks that one call takes. */
const AT_ONCE = 50;
/** Number of challenges until Tidings gives up: over some eleven hours, with the waits below. */
export const VERIFICATION_ATTEMPTS = 20;
/** The first wait between two challenges, in seconds; each further one is twice as long, up to the longest. */
const FIRST_WAIT_S = 10;
const LONGEST_WAIT_S = 3600;
/** When a disabled webhook is looked at again, in seconds: nothing is sent to it. Enabling it is noticed at once. */
const DISABLED_WAIT_S = 60;

/**
 * Takes up to 50 webhooks whose URL is to be verified now, the longest due first, and sets the time of the next attempt: after a
 * crash in between it is made then. After the last attempt there is none, until the owner asks (`requestVerification`). Only
 * enabled webhooks are returned.
 */
export async function takeUnverified(sql: Queryable): Promise<UnverifiedWebhook[]> {
  const { rows } = await sql.query<UnverifiedWebhook>({
    name: 'take_unverified',
    text: `
      WITH due AS MATERIALIZED (
        SELECT webhook_id FROM verifications WHERE next_at <= now() ORDER BY next_at LIMIT ${String(AT_ONCE)} FOR UPDATE SKIP LOCKED
      ), taken AS (
        UPDATE verifications SET attempt_count = attempt_count + CASE WHEN enabled THEN 1 ELSE 0 END,
          next_at = CASE WHEN NOT enabled THEN now() + interval '${String(DISABLED_WAIT_S)} s'
            WHEN attempt_count + 1 < ${String(VERIFICATION_ATTEMPTS)}
            THEN now() + interval '1 s' * least(${String(LONGEST_WAIT_S)}, ${String(FIRST_WAIT_S)} * 2 ^ attempt_count) END
        FROM due JOIN webhooks ON webhooks.id = due.webhook_id WHERE verifications.webhook_id = due.webhook_id
        RETURNING verifications.webhook_id, attempt_count, webhooks AS webhook
      )
      SELECT webhook_id AS "webhookId", (webhook).url, (webhook).sealed_secret AS "sealedSecret",
        (webhook).sealed_previous_secrets AS "sealedPreviousSecrets", (webhook).sealed_headers AS "sealedHeaders",
        floor(extract(epoch FROM clock_timestamp()))::float8 AS "claimedAt", attempt_count AS attempt
      FROM taken WHERE (webhook).enabled`,
  });
  return rows;
}

/** Gives webhooks back that were taken and not challenged, until `afterMs` from now. */
export async function postponeVerifications(sql: Queryable, webhookIds: readonly string[], afterMs: number): Promise<void> {
  await sql.query({
    name: 'postpone_verifications',
    text: `
      UPDATE verifications SET attempt_count = greatest(0, attempt_count - 1), next_at = now() + make_interval(secs => $2::float8 / 1000)
      WHERE webhook_id = ANY ($1::text[])`,
    values: [webhookIds, afterMs],
  });
}

/** The result of a challenge; `error` is null when the receiver answered it. */
export interface VerificationResult {
  webhookId: string;
  /** The URL that was challenged. */
  url: string;
  /** The class of the error, and a sentence for the owner. */
  error: { class: string; sentence: string } | null;
}

/**
 * Records the result of a challenge, if the webhook still waits and has the URL that was challenged. A verified webhook no longer
 * waits: its deliveries are due. Returns whether it was recorded.
 */
export async function recordVerification(sql: Queryable, { webhookId, url, error }: VerificationResult): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'record_verification',
    text: `
      UPDATE webhooks SET unverified_since = CASE WHEN $3::text IS NOT NULL THEN unverified_since END,
        verified_at = CASE WHEN $3 IS NULL THEN now() END,
        verification_failed_at = CASE WHEN $3 IS NOT NULL THEN now() END, verification_error_class = $3, verification_error = $4::text
      WHERE id = $1 AND url = $2 AND unverified_since IS NOT NULL`,
    values: [webhookId, url, error?.class ?? null, error?.sentence ?? null],
  });
  return rowCount === 1;
}

/**
 * Makes the next challenge of a webhook due now, and begins the count of its attempts anew. Returns false when the owner has no
 * such webhook, or it does not wait for a verification.
 */
export async function requestVerification(sql: Queryable, owner: string, webhookId: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'request_verification',
    text: `
      UPDATE verifications SET next_at = now(), attempt_count = 0 FROM webhooks
      WHERE verifications.webhook_id = $2 AND webhooks.id = $2 AND webhooks.owner = $1`,
    values: [owner, webhookId],
  });
  return rowCount === 1;
}

/** Number of webhooks that one call releases. */
const RELEASED_AT_ONCE = 500;

/**
 * Lets webhooks wait no longer for their verification, because they need none any more: the named ones, or up to 500 of all that
 * wait. Returns their number. Skips locked ones.
 */
export async function releaseUnverified(sql: Queryable, webhookIds?: readonly string[]): Promise<number> {
  const { rowCount } = await sql.query({
    name: 'release_unverified',
    text: `
      WITH waiting AS MATERIALIZED (
        SELECT id FROM webhooks
        WHERE id = ANY (coalesce($1::text[], ARRAY(SELECT webhook_id FROM verifications LIMIT ${String(RELEASED_AT_ONCE)})))
          AND unverified_since IS NOT NULL
        FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE webhooks SET unverified_since = NULL, verification_failed_at = NULL, verification_error_class = NULL, verification_error = NULL
      FROM waiting WHERE webhooks.id = waiting.id`,
    values: [webhookIds ?? null],
  });
  return rowCount ?? 0;
}
