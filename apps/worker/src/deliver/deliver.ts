import type { AttemptRecord, Claim, ClaimedDelivery } from '@tidings/database';
import type { JobOutcome, QueuedDelivery } from '@tidings/queue';
import type { RetryPolicy } from './retry-policy.js';
import type { AttemptResult } from './attempt-result.js';
import type { Lease, Settled } from './lease.js';
import { decideOutcome, policyOf, type Outcome } from './outcome.js';
import type { OutgoingRequest, Send } from './send.js';

interface DeliverParts {
  /** Takes the lease; undefined when there is nothing to do any more. */
  claim: Lease['claim'];
  claimNext: Lease['claimNext'];
  build: (delivery: ClaimedDelivery) => OutgoingRequest;
  send: Send;
  /** Commits the attempt. */
  record: Lease['record'];
  /** Told of a webhook that has a slot free and deliveries waiting for it. Not waited for. */
  release: (webhookId: string) => Promise<void>;
  /** Has a delivery come again that has no job of its own. */
  enqueue: (delivery: Required<Pick<QueuedDelivery, 'id' | 'delayMs' | 'priority'>>) => Promise<void>;
  /** The system's, where a webhook has none of its own. */
  retry: RetryPolicy;
  /** How long a job goes on with what waits for its slot, in milliseconds. */
  continueForMs: number;
  /** Told of every attempt, and of every fault of ours, for the metrics and the charts. */
  observe: DeliverObserver;
  /** Makes an attempt as part of its trace. Default: there are no traces. */
  trace?: TraceDelivery | undefined;
  log: { debug: LogLine; info: LogLine; warn: LogLine; error: LogLine };
}

/**
 * Does what is to be done for a delivery that was claimed, and answers with what came of it.
 *
 * @param startedAt when its turn came, on the clock of `performance.now()`
 */
export type TraceDelivery = <Result>(claimed: ClaimedDelivery, startedAt: number, work: () => Promise<Result>) => Promise<Result>;

/** What goes wrong between PostgreSQL and the worker, as opposed to what goes wrong between the worker and a receiver. */
export type Fault = 'unclaimable' | 'unbuildable' | 'unrecorded' | 'lease_lost';

export interface DeliverObserver {
  /** A request begins. */
  sent: () => void;
  /** It has ended, whatever came of it. */
  left: () => void;
  /** It was recorded. */
  recorded: (result: AttemptResult, outcome: Outcome, delivery: Pick<ClaimedDelivery, 'id' | 'attemptCount' | 'owner'>) => void;
  fault: (fault: Fault) => void;
}

type LogLine = (message: string, details: object) => void;

/**
 * Steps 4 and 5 of the journey: claims a delivery, attempts it, commits what came of it, and only then answers. While its
 * turn lasts, it goes on with what waits for the slot of the webhook that it has left: that way through PostgreSQL alone costs
 * half of the one through Redis. Then others that wait for a worker have theirs.
 */
export type Deliver = (id: string) => Promise<JobOutcome>;

/** How an attempt ended: with what is to become of the job, and whether something waits for the slot it had. */
interface Attempted {
  jobOutcome: JobOutcome;
  backlogged: boolean;
}

const LEVELS = { succeeded: 'debug', pending: 'info', failed: 'warn' } as const;

/** Of a delivery that the database could not be asked about, in milliseconds: spread, so that it comes back in peace. */
const UNCLAIMABLE_RETRY_MS = { least: 1000, most: 5000 };
/** Behind first attempts. */
const RETRY_PRIORITY = 1;
/** How long a delivery waits that this worker is not able to build, in milliseconds. */
const UNBUILDABLE_RETRY_MS = 60_000;

const FINISH: JobOutcome = { action: 'finish' };

export function createDeliver(parts: DeliverParts): Deliver {
  const { claim, claimNext, build, send, record, release, enqueue, retry, continueForMs, observe, trace, log } = parts;

  const attemptUntraced = async (claimed: ClaimedDelivery): Promise<Attempted> => {
    const number = claimed.attemptCount + 1;
    let request: OutgoingRequest;
    try {
      request = build(claimed);
    } catch (error) {
      // Ours to mend (a key is missing), so it uses up none of the owner's attempts; the lease runs out meanwhile.
      observe.fault('unbuildable');
      log.error('A delivery could not be built.', { ...idsOf(claimed, number), error });
      return { jobOutcome: { action: 'postpone', delayMs: UNBUILDABLE_RETRY_MS }, backlogged: false };
    }
    observe.sent();
    let result: AttemptResult;
    try {
      result = await send(request);
    } finally {
      observe.left();
    }
    const outcome = decideOutcome(result, number - claimed.priorAttempts, policyOf(retry, claimed.retry), Math.random());
    const details = describe(claimed, number, result, outcome);
    let settled: Settled;
    try {
      settled = await record(toRecord(claimed, result, outcome));
    } catch (error) {
      // The lease runs out, and the reconciler brings it back.
      observe.fault('unrecorded');
      log.error('An attempt was made and could not be recorded; the delivery is sent again.', { ...details, error });
      return { jobOutcome: FINISH, backlogged: false };
    }
    if (!settled.held) {
      observe.fault('lease_lost');
      log.warn('The lease was lost before the attempt was recorded.', details);
      return { jobOutcome: FINISH, backlogged: settled.backlogged };
    }
    observe.recorded(result, outcome, claimed);
    log[LEVELS[outcome.status]](`Attempted: ${outcome.status}.`, details);
    return { jobOutcome: toJobOutcome(outcome, result), backlogged: settled.backlogged };
  };

  const attempt =
    trace === undefined
      ? attemptUntraced
      : (claimed: ClaimedDelivery, startedAt: number) => trace(claimed, startedAt, () => attemptUntraced(claimed));

  /** Goes on with the next one in line of a webhook; undefined when there is none. */
  const attemptNext = async (webhookId: string): Promise<Attempted | undefined> => {
    const startedAt = performance.now();
    const next = await claimNext(webhookId);
    if (next === undefined) return undefined;
    const attempted: Attempted =
      next.state === 'claimed'
        ? await attempt(next, startedAt)
        : { jobOutcome: { action: 'postpone', delayMs: next.dueInMs }, backlogged: false };
    const { jobOutcome } = attempted;
    // The job that brought us here is another delivery's.
    if (jobOutcome.action === 'retry') await enqueue({ id: next.id, delayMs: jobOutcome.delayMs ?? 0, priority: RETRY_PRIORITY });
    if (jobOutcome.action === 'postpone') await enqueue({ id: next.id, delayMs: jobOutcome.delayMs, priority: 0 });
    return attempted;
  };

  return async (id) => {
    const startedAt = performance.now();
    const endsAt = startedAt + continueForMs;
    let claimed: Claim | undefined;
    try {
      claimed = await claim(id);
    } catch (error) {
      observe.fault('unclaimable');
      log.warn('A delivery could not be claimed; it comes again.', { delivery_id: id, error });
      const { least, most } = UNCLAIMABLE_RETRY_MS;
      return { action: 'retry', reason: 'The database did not answer.', delayMs: least + Math.random() * (most - least) };
    }
    if (claimed === undefined) return FINISH;
    if (claimed.state === 'deferred') return { action: 'postpone', delayMs: claimed.dueInMs };

    const { webhookId } = claimed;
    const own = await attempt(claimed, startedAt);
    const leave = (error: unknown): void => {
      log.warn('What waits for a slot stays until the next round.', { webhook_id: webhookId, error });
    };
    try {
      let last: Attempted | undefined = own;
      while (last?.backlogged && own.jobOutcome.action === 'finish' && performance.now() < endsAt)
        last = await attemptNext(webhookId);
      if (last?.backlogged) release(webhookId).catch(leave);
    } catch (error) {
      leave(error);
    }
    return own.jobOutcome;
  };
}

function toJobOutcome(outcome: Outcome, { error }: AttemptResult): JobOutcome {
  if (outcome.status !== 'pending') return FINISH;
  return { action: 'retry', reason: error ?? '', delayMs: outcome.delayMs, priority: RETRY_PRIORITY };
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

/** What every line about an attempt has. */
function idsOf({ id, webhookId, eventId, eventType, replay }: ClaimedDelivery, attempt: number) {
  return { event_id: eventId, delivery_id: id, webhook_id: webhookId, event_type: eventType, attempt, replay };
}

function describe(delivery: ClaimedDelivery, attempt: number, result: AttemptResult, outcome: Outcome) {
  // As `idsOf` has them, once more: made for every delivery, a spread would take more than one per cent of the worker's time (measured).
  return {
    event_id: delivery.eventId,
    delivery_id: delivery.id,
    webhook_id: delivery.webhookId,
    event_type: delivery.eventType,
    attempt,
    replay: delivery.replay,
    status: outcome.status,
    status_code: result.statusCode,
    error_class: result.errorClass,
    duration_ms: result.durationMs,
  };
}
