import type { AttemptRecord, Claim, ClaimedDelivery } from '@tidings/database';
import type { RetryPolicy, Verdict } from '@tidings/queue';
import type { AttemptResult } from './attempt-result.js';
import { decideOutcome, policyOf, type Outcome } from './outcome.js';
import type { OutgoingRequest, Send } from './send.js';

interface DeliverParts {
  /** Takes the lease; undefined when there is nothing to do any more. */
  claim: (id: string) => Promise<Claim | undefined>;
  build: (delivery: ClaimedDelivery) => OutgoingRequest;
  send: Send;
  /** Commits the attempt; false when the lease was lost. */
  record: (record: AttemptRecord) => Promise<boolean>;
  /** The system's, where a webhook has none of its own. */
  retry: RetryPolicy;
  /** Told of every attempt, for the metrics. */
  observe: (result: AttemptResult, outcome: Outcome) => void;
  log: { debug: LogLine; info: LogLine; warn: LogLine; error: LogLine };
}

type LogLine = (message: string, details: object) => void;

/** Steps 4 and 5 of the journey: claims a delivery, attempts it, commits what came of it, and only then answers. */
export type Deliver = (id: string) => Promise<Verdict>;

const LEVELS = { succeeded: 'debug', pending: 'info', failed: 'warn' } as const;

/** Of a delivery that the database could not be asked about, in milliseconds: spread, so that it comes back in peace. */
const UNCLAIMABLE_RETRY_MS = { least: 1000, most: 5000 };
/** Behind first attempts. */
const RETRY_PRIORITY = 1;
/** How long a delivery waits that this worker is not able to build, in milliseconds. */
const UNBUILDABLE_RETRY_MS = 60_000;

export function createDeliver({ claim, build, send, record, retry, observe, log }: DeliverParts): Deliver {
  return async (id) => {
    let claimed: Claim | undefined;
    try {
      claimed = await claim(id);
    } catch (error) {
      log.warn('A delivery could not be claimed; it comes again.', { delivery_id: id, error });
      const { least, most } = UNCLAIMABLE_RETRY_MS;
      return { then: 'retry', reason: 'The database did not answer.', delayMs: least + Math.random() * (most - least) };
    }
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
    const outcome = decideOutcome(result, attempt - claimed.priorAttempts, policyOf(retry, claimed.retry), Math.random());
    const details = describe(claimed, attempt, result, outcome);
    let held: boolean;
    try {
      held = await record(toRecord(claimed, result, outcome));
    } catch (error) {
      // The lease runs out, and the reconciler brings it back.
      log.error('An attempt was made and could not be recorded; the delivery is sent again.', { ...details, error });
      return { then: 'finish' };
    }
    if (!held) {
      log.warn('The lease was lost before the attempt was recorded.', details);
      return { then: 'finish' };
    }
    observe(result, outcome);
    log[LEVELS[outcome.status]](`Attempted: ${outcome.status}.`, details);
    return verdictOn(outcome, result);
  };
}

function verdictOn(outcome: Outcome, { error }: AttemptResult): Verdict {
  if (outcome.status !== 'pending') return { then: 'finish' };
  return { then: 'retry', reason: error ?? '', delayMs: outcome.delayMs, priority: RETRY_PRIORITY };
}

function toRecord({ id, leaseToken, url }: ClaimedDelivery, result: AttemptResult, outcome: Outcome): AttemptRecord {
  const { durationMs, statusCode, errorClass, error, responseBody } = result;
  return {
    deliveryId: id,
    leaseToken,
    url,
    startedAgoMs: performance.now() - result.startedAt,
    durationMs,
    statusCode,
    errorClass,
    error,
    responseBody,
    outcome: outcome.status === 'pending' ? { status: 'pending', retryInMs: outcome.delayMs } : outcome,
  };
}

function describe(delivery: ClaimedDelivery, attempt: number, result: AttemptResult, outcome: Outcome) {
  return {
    delivery_id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    attempt,
    replay: delivery.replay,
    status: outcome.status,
    status_code: result.statusCode,
    error_class: result.errorClass,
    duration_ms: result.durationMs,
  };
}
