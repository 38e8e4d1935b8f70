import type { AttemptRecord, Claim, ClaimedDelivery } from '@tidings/database';
import type { RetryPolicy, Verdict } from '@tidings/queue';
import type { AttemptResult } from './attempt-result.js';
import { decideOutcome, type Outcome } from './outcome.js';
import type { OutgoingRequest, Send } from './send.js';

interface DeliverParts {
  /** Takes the lease; undefined when there is nothing to do any more. */
  claim: (id: string) => Promise<Claim | undefined>;
  build: (delivery: ClaimedDelivery) => OutgoingRequest;
  send: Send;
  /** Commits the attempt; false when the lease was lost. */
  record: (record: AttemptRecord) => Promise<boolean>;
  retry: RetryPolicy;
  log: { debug: LogLine; info: LogLine; warn: LogLine; error: LogLine };
}

type LogLine = (message: string, details: object) => void;

/** Steps 4 and 5 of the journey: claims a delivery, attempts it, commits what came of it, and only then answers. */
export type Deliver = (id: string) => Promise<Verdict>;

const LEVELS = { succeeded: 'debug', pending: 'info', failed: 'warn' } as const;

/** How long a delivery waits that this worker is not able to build, in milliseconds. */
const UNBUILDABLE_RETRY_MS = 60_000;

export function createDeliver({ claim, build, send, record, retry, log }: DeliverParts): Deliver {
  return async (id) => {
    const claimed = await claim(id);
    if (claimed === undefined) return { then: 'finish' };
    if (claimed.state === 'deferred') return { then: 'postpone', delayMs: claimed.dueInMs };

    let request: OutgoingRequest;
    try {
      request = build(claimed);
    } catch (error) {
      // Ours to mend (a key is missing), so it uses up none of the owner's attempts; the lease runs out meanwhile.
      log.error('A delivery could not be built.', { delivery_id: id, webhook_id: claimed.webhookId, error });
      return { then: 'postpone', delayMs: UNBUILDABLE_RETRY_MS };
    }
    const result = await send(request);
    const attempt = claimed.attemptCount + 1;
    const outcome = decideOutcome(result, attempt, retry);
    const held = await record(toRecord(claimed, result, outcome));
    const details = describe(claimed, attempt, result, outcome);
    if (!held) {
      log.warn('The lease was lost before the attempt was recorded.', details);
      return { then: 'finish' };
    }
    log[LEVELS[outcome.status]](`Attempted: ${outcome.status}.`, details);
    return verdictOn(outcome, result);
  };
}

function verdictOn(outcome: Outcome, { error }: AttemptResult): Verdict {
  if (outcome.status !== 'pending') return { then: 'finish' };
  const { capped, earliestMs, latestMs } = outcome.retry;
  if (!capped) return { then: 'retry', reason: error ?? '' };
  return { then: 'postpone', delayMs: earliestMs + Math.random() * (latestMs - earliestMs) };
}

function toRecord({ id, leaseToken }: ClaimedDelivery, result: AttemptResult, outcome: Outcome): AttemptRecord {
  const { durationMs, statusCode, errorClass, error, responseBody } = result;
  return {
    deliveryId: id,
    leaseToken,
    startedAgoMs: performance.now() - result.startedAt,
    durationMs,
    statusCode,
    errorClass,
    error,
    responseBody,
    outcome:
      outcome.status === 'pending'
        ? { status: 'pending', retryInMs: outcome.retry.earliestMs, retryByMs: outcome.retry.latestMs }
        : outcome,
  };
}

function describe(delivery: ClaimedDelivery, attempt: number, result: AttemptResult, outcome: Outcome) {
  return {
    delivery_id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    attempt,
    status: outcome.status,
    status_code: result.statusCode,
    error_class: result.errorClass,
    duration_ms: result.durationMs,
  };
}
