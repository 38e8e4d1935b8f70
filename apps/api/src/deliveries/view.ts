import { z } from 'zod';
import type { Attempt, Delivery } from '@tidings/database';

/** A delivery in JSON. */
export const deliveryJson = z
  .strictObject({
    id: z.string(),
    webhook_id: z.string(),
    event_id: z.string(),
    event_type: z.string(),
    status: z.enum(['pending', 'succeeded', 'failed', 'cancelled', 'skipped']),
    attempt_count: z.int(),
    replay: z.boolean().describe('Whether it is, or was last, under way because somebody asked for it again.'),
    created_at: z.date(),
    next_attempt_at: z.date().nullable(),
    waiting_for: z
      .literal('slot')
      .nullable()
      .describe('`slot`: it is due, and its webhook has as many requests under way as it may.'),
    finished_at: z.date().nullable(),
  })
  .meta({ id: 'Delivery' });

/** An attempt in JSON. */
const attemptJson = z
  .strictObject({
    number: z.int(),
    started_at: z.date(),
    duration_ms: z.int(),
    replay: z.boolean(),
    status_code: z.int().nullable().describe('Null when no response came.'),
    error_class: z
      .string()
      .nullable()
      .describe('dns, connect, tls, timeout, reset, protocol, blocked or http_status; null after a 2xx.'),
    error: z.string().nullable(),
    response_body: z.string().nullable().describe('Its first 4 KB, as text.'),
  })
  .meta({ id: 'Attempt' });

/** A delivery with its attempts, oldest first. */
export const deliveryWithAttemptsJson = deliveryJson
  .extend({ attempts: z.array(attemptJson) })
  .meta({ id: 'DeliveryWithAttempts' });

/** A delivery as the API shows it. */
export function deliveryToJson(delivery: Delivery): z.output<typeof deliveryJson> {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    status: delivery.status,
    attempt_count: delivery.attemptCount,
    replay: delivery.replay,
    created_at: delivery.createdAt,
    next_attempt_at: delivery.nextAttemptAt,
    waiting_for: delivery.stage === 'parked' ? 'slot' : null,
    finished_at: delivery.finishedAt,
  };
}

/** An attempt as the API shows it. */
function attemptToJson(attempt: Attempt): z.output<typeof attemptJson> {
  return {
    number: attempt.number,
    started_at: attempt.startedAt,
    duration_ms: attempt.durationMs,
    replay: attempt.replay,
    status_code: attempt.statusCode,
    error_class: attempt.errorClass,
    error: attempt.error,
    response_body: attempt.responseBody,
  };
}

/** A delivery with its attempts as the API shows them. */
export function deliveryWithAttemptsToJson({ delivery, attempts }: { delivery: Delivery; attempts: readonly Attempt[] }) {
  return { ...deliveryToJson(delivery), attempts: attempts.map(attemptToJson) };
}
