import { z } from 'zod';
import type { Webhook } from '@tidings/database';
import type { TestResult } from '@tidings/queue';

/** A webhook in JSON. */
export const webhookJson = z
  .strictObject({
    id: z.string(),
    url: z.string(),
    event_types: z.array(z.string()),
    description: z.string().nullable(),
    header_names: z.array(z.string()).describe('Of the custom headers; their values are never shown.'),
    previous_secrets_valid_until: z
      .date()
      .nullable()
      .describe('Until when a secret that was rotated away signs as well; null: none does.'),
    enabled: z.boolean(),
    max_in_flight: z.int(),
    rate_limit: z.int().nullable().describe('Requests per second; null: no limit.'),
    ordering: z.enum(['unordered', 'fifo']),
    retry: z
      .strictObject({ max_attempts: z.int(), initial_delay_ms: z.int(), max_delay_ms: z.int() })
      .partial()
      .nullable()
      .describe("What differs from the system's retry policy; null: nothing."),
    paused: z.boolean().describe('Whether an operator has it wait: nothing is sent, and nothing is lost.'),
    disabled_reason: z
      .enum(['failing', 'gone', 'operator'])
      .nullable()
      .describe('Why Tidings, or its operator, disabled it; null: nobody did, or its owner.'),
    disabled_at: z.date().nullable(),
    failing_since: z.date().nullable().describe('The first failed attempt since the last success.'),
    circuit: z.strictObject({
      state: z.enum(['closed', 'open', 'half_open']),
      opened_at: z.date().nullable(),
      probe_at: z.date().nullable(),
    }),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .meta({ id: 'Webhook' });

/** The same with its secret, as it is answered once. */
export const webhookWithSecretJson = webhookJson
  .extend({ secret: z.string().describe('Verifies the signatures. It is never shown again.') })
  .meta({ id: 'WebhookWithSecret' });

/** A webhook as the API shows it: the secret never, of the headers the names. */
export interface WebhookView extends Omit<Webhook, 'sealedSecret' | 'sealedPreviousSecrets' | 'sealedHeaders'> {
  headerNames: string[];
  /** Until when secrets that were rotated away sign as well; null: none does. */
  previousSecretsValidUntil: Date | null;
}

type Circuit = Pick<Webhook, 'circuitOpenedAt' | 'circuitProbeAt'>;

/** Where the circuit stands: open until the next probe is due, then half open until it was made. */
export function circuitState({ circuitOpenedAt, circuitProbeAt }: Circuit, now: Date): 'closed' | 'open' | 'half_open' {
  if (circuitOpenedAt === null) return 'closed';
  return circuitProbeAt !== null && circuitProbeAt > now ? 'open' : 'half_open';
}

/** The JSON of a webhook. What the worker keeps for itself in its row is left out. */
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
    paused: webhook.pausedAt !== null,
    disabled_reason: webhook.disabledReason,
    disabled_at: webhook.disabledAt,
    failing_since: webhook.failingSince,
    circuit: {
      state: circuitState(webhook, now),
      opened_at: webhook.circuitOpenedAt,
      probe_at: webhook.circuitProbeAt,
    },
    created_at: webhook.createdAt,
    updated_at: webhook.updatedAt,
  };
}

/** What was set, as it was set; null where the system's policy holds in everything. */
function retryToJson({ retryMaxAttempts, retryInitialDelayMs, retryMaxDelayMs }: WebhookView) {
  const set = Object.entries({
    max_attempts: retryMaxAttempts,
    initial_delay_ms: retryInitialDelayMs,
    max_delay_ms: retryMaxDelayMs,
  }).filter(([, value]) => value !== null);
  return set.length === 0 ? null : Object.fromEntries(set);
}

/** What came of a test, in JSON. */
export const testJson = z
  .strictObject({
    webhook_id: z.string(),
    event_id: z.string().describe('The `webhook-id` that the receiver got.'),
    succeeded: z.boolean(),
    status_code: z.int().nullable().describe('Null when no response came.'),
    duration_ms: z.int(),
    error_class: z.string().nullable(),
    error: z.string().nullable(),
    response_body: z.string().nullable().describe('Its first 4 KB, as text.'),
  })
  .meta({ id: 'TestResult' });

export function testToJson(webhookId: string, result: TestResult & { eventId: string }): z.output<typeof testJson> {
  return {
    webhook_id: webhookId,
    event_id: result.eventId,
    succeeded: result.errorClass === null,
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    error_class: result.errorClass,
    error: result.error,
    response_body: result.responseBody,
  };
}
