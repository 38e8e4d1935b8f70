import type { Actor } from '../actor.js';
import type { Webhook } from '../generated/client.js';
import type { Queryable } from '../database.js';

/** The columns that owners and operators change, by the names of their fields. Triggers derive the others. */
const COLUMNS = {
  url: 'url',
  eventTypes: 'event_types',
  description: 'description',
  sealedHeaders: 'sealed_headers',
  enabled: 'enabled',
  ownerPausedAt: 'owner_paused_at',
  unverifiedSince: 'unverified_since',
  verifiedAt: 'verified_at',
  verificationFailedAt: 'verification_failed_at',
  verificationClass: 'verification_error_class',
  verificationError: 'verification_error',
  maxInFlight: 'max_in_flight',
  rateLimit: 'rate_limit',
  ordering: 'ordering',
  retryMaxAttempts: 'retry_max_attempts',
  retryInitialDelayMs: 'retry_initial_delay_ms',
  retryMaxDelayMs: 'retry_max_delay_ms',
  retrySchedule: 'retry_schedule',
  disabledReason: 'disabled_reason',
  disabledAt: 'disabled_at',
  disabledNotifiedAt: 'disabled_notified_at',
  failingSince: 'failing_since',
  unreachableCount: 'unreachable_count',
  circuitOpenedAt: 'circuit_opened_at',
  circuitProbeAt: 'circuit_probe_at',
  throttledUntil: 'throttled_until',
  backoffCount: 'backoff_count',
  slowedAt: 'slowed_at',
  learnedRate: 'learned_rate',
  learnedFrom: 'learned_from',
  rateNextAt: 'rate_next_at',
  replayNextAt: 'replay_next_at',
} as const;

/** Fields of a webhook that owners and operators change. */
export type WebhookFields = Partial<Pick<Webhook, keyof typeof COLUMNS>>;

/** A change of one webhook. */
export interface WebhookUpdate {
  id: string;
  /** Whom the audit log records. */
  actor: Actor;
  /** The new values; absent fields stay. */
  fields: WebhookFields;
  /** The webhook changes only while it has these values, which the new ones were derived from. Default: whatever it has. */
  unchanged?: WebhookFields;
}

/**
 * Changes a webhook in one statement, which is its own transaction: a process that freezes meanwhile holds no lock. Returns
 * false when there is no such webhook, or when it has other values than `unchanged` names.
 */
export async function updateWebhook(sql: Queryable, { id, actor, fields, unchanged = {} }: WebhookUpdate): Promise<boolean> {
  const assignments = Object.values(COLUMNS).map(
    (column) => `${column} = (jsonb_populate_record(webhooks, $3::jsonb)).${column}`,
  );
  const { rowCount } = await sql.query({
    name: 'update_webhook',
    text: `
      WITH actor AS MATERIALIZED (
        SELECT set_config('tidings.actor', $2, true), set_config('tidings.actor_kind', $5, true)
      )
      UPDATE webhooks SET ${assignments.join(', ')}, updated_at = now()
      FROM actor WHERE id = $1 AND to_jsonb(webhooks) @> $4::jsonb`,
    values: [id, actor.id, toRow(fields), toRow(unchanged), actor.kind],
  });
  return rowCount === 1;
}

/** Deletes a webhook of the owner. Returns false when the owner has no such webhook. */
export async function deleteWebhook(sql: Queryable, owner: string, id: string): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'delete_webhook',
    text: `
      WITH actor AS MATERIALIZED (
        SELECT set_config('tidings.actor', $1, true), set_config('tidings.actor_kind', 'owner', true)
      )
      DELETE FROM webhooks USING actor WHERE id = $2 AND owner = $1`,
    values: [owner, id],
  });
  return rowCount === 1;
}

/** Returns the fields as the JSON of a row of the table. */
function toRow(fields: WebhookFields): string {
  const columns = Object.entries(fields).map(([field, value]) => [
    COLUMNS[field as keyof typeof COLUMNS],
    value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value,
  ]);
  return JSON.stringify(Object.fromEntries(columns));
}
