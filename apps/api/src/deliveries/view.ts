import { z } from 'zod';
import type { Attempt, DeliveryState } from '@tidings/database';
import { MAX_ATTEMPTS_SHOWN, type DeliveryWithAttempts } from './delivery-log.js';

/** A delivery in JSON. */
export const deliveryJson = z
  .strictObject({
    id: z.string(),
    webhook_id: z.string(),
    event_id: z.string(),
    event_type: z.string(),
    event_version: z.int().describe('The version of the event type.'),
    status: z
      .enum(['pending', 'succeeded', 'failed', 'cancelled', 'skipped'])
      .meta({ id: 'DeliveryStatus' })
      .describe('A delivery is no longer pending once its webhook is disabled or removed.'),
    attempt_count: z.int(),
    replay: z
      .boolean()
      .describe('Whether a replay, or a retry after the delivery was terminal, made the delivery pending again.'),
    created_at: z.date(),
    next_attempt_at: z.date().nullable(),
    waiting_for: z
      .literal('slot')
      .nullable()
      .describe('`slot`: the delivery is due, but its webhook has no free slot or is paused.'),
    finished_at: z.date().nullable(),
  })
  .meta({ id: 'Delivery' });

/** Headers by their names, which are in lower case. */
const headersJson = z.record(z.string(), z.string()).nullable();

/** An attempt in JSON. */
const attemptJson = z
  .strictObject({
    number: z.int(),
    started_at: z.date(),
    duration_ms: z.int(),
    replay: z.boolean(),
    counted: z
      .boolean()
      .describe(
        'Whether it used up one of the `max_attempts`. An attempt on a connection that the receiver had closed already did not.',
      ),
    url: z.string().nullable().describe('The URL of the webhook at that time; null if an earlier version recorded the attempt.'),
    request_headers: headersJson.describe(
      'The headers that were sent; those of the webhook without their values. Null if there was no connection, or an earlier version recorded the attempt.',
    ),
    status_code: z.int().nullable().describe('Null if no response arrived.'),
    error_class: z
      .string()
      .nullable()
      .describe('dns, connect, tls, timeout, reset, protocol, blocked or http_status; null after a 2xx.'),
    error: z.string().nullable(),
    response_headers: headersJson.describe(
      'The first 2 KB of the headers of the response, `content-type`, `location` and `retry-after` before others, without cookies. Null if no response arrived, or an earlier version recorded the attempt.',
    ),
    response_body: z.string().nullable().describe('The first 4 KB of the response body, decompressed and as text.'),
  })
  .meta({ id: 'Attempt' });

/** A delivery with its attempts, oldest first. */
export const deliveryWithAttemptsJson = deliveryJson
  .extend({
    attempts: z
      .array(attemptJson)
      .max(MAX_ATTEMPTS_SHOWN)
      .describe(
        `The newest ${String(MAX_ATTEMPTS_SHOWN)} attempts, oldest first. Where the first one has a number above 1, send it as \`before\` for those before it.`,
      ),
  })
  .meta({ id: 'DeliveryWithAttempts' });

/** Converts a delivery to JSON. */
export function deliveryToJson(delivery: DeliveryState): z.output<typeof deliveryJson> {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    event_version: delivery.eventVersion,
    status: delivery.status,
    attempt_count: delivery.attemptCount,
    replay: delivery.replay,
    created_at: delivery.createdAt,
    next_attempt_at: delivery.nextAttemptAt,
    waiting_for: delivery.waitsForSlot ? 'slot' : null,
    finished_at: delivery.finishedAt,
  };
}

/** Converts an attempt to JSON. */
function attemptToJson(attempt: Attempt): z.output<typeof attemptJson> {
  return {
    number: attempt.number,
    started_at: attempt.startedAt,
    duration_ms: attempt.durationMs,
    replay: attempt.replay,
    counted: attempt.counted,
    url: attempt.url,
    request_headers: attempt.requestHeaders as Record<string, string> | null,
    status_code: attempt.statusCode,
    error_class: attempt.errorClass,
    error: attempt.error,
    response_headers: attempt.responseHeaders as Record<string, string> | null,
    response_body: attempt.responseBody,
  };
}

/** The query of a delivery with its attempts. */
export const attemptsQuery = z.strictObject({
  before: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be the number of an attempt: a whole number from 1')
    .transform(Number)
    .optional()
    .meta({ type: 'integer', minimum: 1, maximum: 999_999_999, description: 'Only attempts with a lower number.' }),
});

/** Converts a delivery and its attempts to JSON. */
export function deliveryWithAttemptsToJson({ delivery, attempts }: DeliveryWithAttempts) {
  return { ...deliveryToJson(delivery), attempts: attempts.map(attemptToJson) };
}
