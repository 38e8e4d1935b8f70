import type { Queryable } from '../database.js';

/** A delivery that may be attempted now, by the holder of the lease only. */
export interface ClaimedDelivery {
  state: 'claimed';
  id: string;
  leaseToken: string;
  webhookId: string;
  url: string;
  sealedSecret: Buffer;
  sealedHeaders: Buffer | null;
  eventId: string;
  eventType: string;
  /** ISO 8601 in UTC, to the millisecond. */
  eventTimestamp: string;
  /** The payload, as the exact JSON text that was accepted. */
  eventData: string;
  /** Attempts that were made before. */
  attemptCount: number;
}

/** It is pending, but its next attempt is due only later. */
export interface DeferredDelivery {
  state: 'deferred';
  id: string;
  dueInMs: number;
}

export type Claim = ClaimedDelivery | DeferredDelivery;

interface Row {
  id: string;
  due_in_ms: number;
  claimed: boolean;
  lease_token: string;
  webhook_id: string;
  url: string;
  sealed_secret: Buffer;
  sealed_headers: Buffer | null;
  event_id: string;
  event_type: string;
  event_timestamp: string;
  event_data: string;
  attempt_count: number;
}

/**
 * Takes the lease of each delivery that is pending, due and not leased to another worker. A delivery whose webhook is
 * gone or disabled is cancelled instead. What is finished, leased or cancelled is missing from the answer.
 *
 * @param leaseMs how long the lease holds, in milliseconds of the database's clock; afterwards another worker may claim
 */
export async function claimDeliveries(sql: Queryable, ids: readonly string[], leaseMs: number): Promise<Claim[]> {
  const { rows } = await sql.query<Row>({
    name: 'claim_deliveries',
    text: `
      WITH candidate AS (
        SELECT id, webhook_id, event_id, next_attempt_at FROM deliveries
        WHERE id = ANY($1) AND status = 'pending' AND (lease_token IS NULL OR wake_at <= now())
        FOR UPDATE SKIP LOCKED
      ), due AS (
        SELECT candidate.id, candidate.event_id, webhooks.url, webhooks.sealed_secret, webhooks.sealed_headers,
          webhooks.enabled IS TRUE AS live
        FROM candidate LEFT JOIN webhooks ON webhooks.id = candidate.webhook_id
        WHERE candidate.next_attempt_at <= now()
      ), touched AS (
        UPDATE deliveries SET
          status = CASE WHEN live THEN status ELSE 'cancelled' END,
          lease_token = CASE WHEN live THEN gen_random_uuid() END,
          wake_at = CASE WHEN live THEN now() + make_interval(secs => $2::float8 / 1000) END,
          next_attempt_at = CASE WHEN live THEN next_attempt_at END,
          finished_at = CASE WHEN live THEN NULL ELSE now() END
        FROM due WHERE deliveries.id = due.id
        RETURNING deliveries.id, live, lease_token, webhook_id, deliveries.event_id, event_type, attempt_count, url, sealed_secret, sealed_headers
      )
      SELECT candidate.id,
        ceil(extract(epoch FROM candidate.next_attempt_at - now()) * 1000)::int AS due_in_ms,
        touched.id IS NOT NULL AS claimed,
        lease_token, touched.webhook_id, url, sealed_secret, sealed_headers, attempt_count,
        events.id AS event_id, event_type, events.data::text AS event_data,
        to_char(events.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS event_timestamp
      FROM candidate
      LEFT JOIN touched USING (id)
      LEFT JOIN events ON events.id = touched.event_id
      WHERE touched.live IS NOT FALSE`,
    values: [ids, leaseMs],
  });
  return rows.map(toClaim);
}

function toClaim(row: Row): Claim {
  if (!row.claimed) return { state: 'deferred', id: row.id, dueInMs: row.due_in_ms };
  return {
    state: 'claimed',
    id: row.id,
    leaseToken: row.lease_token,
    webhookId: row.webhook_id,
    url: row.url,
    sealedSecret: row.sealed_secret,
    sealedHeaders: row.sealed_headers,
    eventId: row.event_id,
    eventType: row.event_type,
    eventTimestamp: row.event_timestamp,
    eventData: row.event_data,
    attemptCount: row.attempt_count,
  };
}
