import { z } from 'zod';
import { RETRY_SCHEDULE_NAMES } from '@tidings/config';
import type { Webhook } from '@tidings/database';
import { webhookTest } from '@tidings/events';
import type { TestedType, TestResult } from '@tidings/queue';

/** A webhook in JSON. */
export const webhookJson = z
  .strictObject({
    id: z.string(),
    url: z.string(),
    event_types: z.array(z.string()),
    description: z.string().nullable(),
    header_names: z.array(z.string()).describe('The names of the custom headers. Their values are never shown.'),
    previous_secrets_valid_until: z
      .date()
      .nullable()
      .describe('The time until which previous secrets also sign; null: none does.'),
    enabled: z.boolean(),
    max_in_flight: z.int(),
    rate_limit: z.int().nullable().describe('The maximum number of requests per second; null: no limit.'),
    ordering: z.enum(['unordered', 'fifo']).meta({ id: 'Ordering' }),
    retry: z
      .strictObject({
        schedule: z.enum(RETRY_SCHEDULE_NAMES),
        max_attempts: z.int(),
        initial_delay_ms: z.int(),
        max_delay_ms: z.int(),
      })
      .partial()
      .meta({ id: 'WebhookRetryPolicy' })
      .nullable()
      .describe("The values that differ from the server's retry policy, or the name of a schedule; null: none."),
    paused: z
      .boolean()
      .describe(
        'Whether it is paused: events wait, nothing is sent until it resumes, and nothing is lost. Your own pause is yours to change.',
      ),
    paused_by: z
      .array(z.enum(['owner', 'operator', 'verification']))
      .describe(
        'Who paused it; `verification`: it waits until its URL is verified. It resumes when nobody is left: none lifts the pause of another.',
      ),
    verification: z
      .strictObject({
        state: z
          .enum(['none', 'waiting', 'verified'])
          .meta({ id: 'VerificationState' })
          .describe(
            '`waiting`: no event is sent before the receiver has answered a challenge; `none`: its URL needs no verification, or needed none when it was set.',
          ),
        verified_at: z.date().nullable().describe('When the receiver answered the challenge.'),
        failed_at: z.date().nullable().describe('When the last challenge failed; null: none has since the URL was set.'),
        error_class: z
          .string()
          .nullable()
          .describe('The class of its error, as of an attempt; `challenge`: a 2xx whose body was not the challenge.'),
        error: z.string().nullable(),
      })
      .meta({ id: 'Verification' }),
    disabled_reason: z
      .enum(['failing', 'gone', 'operator'])
      .meta({ id: 'DisabledReason' })
      .nullable()
      .describe('Why Tidings or an operator disabled it; null: it is enabled, or its owner disabled it.'),
    disabled_at: z.date().nullable(),
    failing_since: z.date().nullable().describe('The time of the first failed attempt since the last success.'),
    circuit: z
      .strictObject({
        state: z.enum(['closed', 'open', 'half_open']).meta({ id: 'CircuitState' }),
        opened_at: z.date().nullable(),
        probe_at: z.date().nullable(),
      })
      .meta({ id: 'Circuit' }),
    throttled_until: z
      .date()
      .nullable()
      .describe(
        'Nothing is sent before this time, because the receiver asked to slow down; null: it has not, or the time has passed.',
      ),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .meta({ id: 'Webhook' });

/** A webhook with its secret, which only the responses to registration and rotation have. */
export const webhookWithSecretJson = webhookJson
  .extend({ secret: z.string().describe('The secret that verifies the signatures. It is shown only here.') })
  .meta({ id: 'WebhookWithSecret' });
/** The answer to a registration or a rotation. */
export type WebhookWithSecret = z.output<typeof webhookWithSecretJson>;

/** A webhook as the API shows it: without secrets, and with the names of its headers only. */
export interface WebhookView extends Omit<Webhook, 'sealedSecret' | 'sealedPreviousSecrets' | 'sealedHeaders'> {
  headerNames: string[];
  /** The time until which previous secrets also sign; null: none does. */
  previousSecretsValidUntil: Date | null;
}

type Circuit = Pick<Webhook, 'circuitOpenedAt' | 'circuitProbeAt'>;

/** Returns the state of the circuit: open until the next probe is due, then half open until the probe was made. */
export function circuitState({ circuitOpenedAt, circuitProbeAt }: Circuit, now: Date): 'closed' | 'open' | 'half_open' {
  if (circuitOpenedAt === null) return 'closed';
  return circuitProbeAt !== null && circuitProbeAt > now ? 'open' : 'half_open';
}

/** No hold is longer. A later time was written while PostgreSQL's clock was ahead, and does not count (`waits_for_probe`). */
const LONGEST_HOLD_MS = 3_600_000;

/** Returns until when the webhook is held; null: it is not. */
function throttledUntil({ throttledUntil: until }: Pick<Webhook, 'throttledUntil'>, now: Date): Date | null {
  const heldForMs = until === null ? 0 : until.getTime() - now.getTime();
  return heldForMs > 0 && heldForMs <= LONGEST_HOLD_MS ? until : null;
}

/** Converts a webhook to JSON, without the internal columns of the worker. */
export function webhookToJson(webhook: WebhookView, now = new Date()): z.output<typeof webhookJson> {
  return {
    id: webhook.id,
    url: webhook.url,
    event_types: webhook.eventTypes,
    description: webhook.description,
    header_names: webhook.headerNames,
    previous_secrets_valid_until: webhook.previousSecretsValidUntil,
    enabled: webhook.enabled,
    max_in_flight: webhook.maxInFlight,
    rate_limit: webhook.rateLimit,
    ordering: webhook.ordering,
    retry: retryToJson(webhook),
    paused: pausedBy(webhook).length > 0,
    paused_by: pausedBy(webhook),
    verification: verificationToJson(webhook),
    disabled_reason: webhook.disabledReason,
    disabled_at: webhook.disabledAt,
    failing_since: webhook.failingSince,
    circuit: {
      state: circuitState(webhook, now),
      opened_at: webhook.circuitOpenedAt,
      probe_at: webhook.circuitProbeAt,
    },
    throttled_until: throttledUntil(webhook, now),
    created_at: webhook.createdAt,
    updated_at: webhook.updatedAt,
  };
}

/** Returns, like the SQL function `paused_by`, who has paused the webhook. */
function pausedBy({ ownerPausedAt, pausedAt, unverifiedSince }: WebhookView): z.output<typeof webhookJson>['paused_by'] {
  const since = { owner: ownerPausedAt, operator: pausedAt, verification: unverifiedSince };
  return (['owner', 'operator', 'verification'] as const).filter((by) => since[by] !== null);
}

function verificationToJson(webhook: WebhookView): z.output<typeof webhookJson>['verification'] {
  const { unverifiedSince, verifiedAt, verificationFailedAt, verificationClass, verificationError } = webhook;
  return {
    state: unverifiedSince !== null ? 'waiting' : verifiedAt !== null ? 'verified' : 'none',
    verified_at: verifiedAt,
    failed_at: verificationFailedAt,
    error_class: verificationClass,
    error: verificationError,
  };
}

/** Returns the retry values of the webhook; null when it has none of its own. */
function retryToJson({ retrySchedule, retryMaxAttempts, retryInitialDelayMs, retryMaxDelayMs }: WebhookView) {
  const set = Object.entries({
    schedule: RETRY_SCHEDULE_NAMES.find((name) => name === retrySchedule) ?? null,
    max_attempts: retryMaxAttempts,
    initial_delay_ms: retryInitialDelayMs,
    max_delay_ms: retryMaxDelayMs,
  }).filter(([, value]) => value !== null);
  return set.length === 0 ? null : Object.fromEntries(set);
}

/** The result of a test in JSON. */
export const testJson = z
  .strictObject({
    webhook_id: z.string(),
    event_id: z.string().describe('The `webhook-id` that the receiver got.'),
    event_type: z.string().describe('The type of the event that was sent.'),
    event_version: z.int().describe('The `webhook-event-version` that the receiver got.'),
    succeeded: z.boolean(),
    status_code: z.int().nullable().describe('Null without a response.'),
    duration_ms: z.int(),
    error_class: z.string().nullable(),
    error: z.string().nullable(),
    response_body: z.string().nullable().describe('The first 4 KB of the body, as text.'),
  })
  .meta({ id: 'TestResult' });

/** Converts the result of a test to JSON. Without a tested type, it sent `webhook.test`. */
export function testToJson(
  webhookId: string,
  { type, version }: TestedType = { type: webhookTest.type, version: 1 },
  result: TestResult & { eventId: string },
): z.output<typeof testJson> {
  return {
    webhook_id: webhookId,
    event_id: result.eventId,
    event_type: type,
    event_version: version,
    succeeded: result.errorClass === null,
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    error_class: result.errorClass,
    error: result.error,
    response_body: result.responseBody,
  };
}
