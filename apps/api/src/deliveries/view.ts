import type { Attempt, Delivery } from '@tidings/database';

/** A delivery as the API shows it. */
export function deliveryToJson(delivery: Delivery) {
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
    /** It is due, and its webhook has as many requests under way as it may. */
    waiting_for: delivery.stage === 'parked' ? 'slot' : null,
    finished_at: delivery.finishedAt,
  };
}

/** An attempt as the API shows it. */
export function attemptToJson(attempt: Attempt) {
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
