import type { AttemptRecord, ClaimedDelivery } from '@tidings/database';
import { JOB_PRIORITY, type JobOutcome, type QueuedDelivery } from '@tidings/queue';
import { policyOf, type RetryPolicy } from '@tidings/config';
import type { AttemptResult } from './attempt-result.js';
import type { Lease, LeasedDelivery, Settled } from './lease.js';
import { decideOutcome, type Outcome } from './outcome.js';
import type { OutgoingRequest, Send } from './send.js';

interface DeliverParts {
  claim: Lease['claim'];
  claimNext: Lease['claimNext'];
  /** Builds the signed request. Throws when a secret cannot be opened. */
  build: (delivery: ClaimedDelivery) => OutgoingRequest;
  send: Send;
  /** How long a lease may have been held, in milliseconds, when a request begins: the request must end before the lease does. */
  sendWithinMs: number;
  /** Commits the attempt. */
  record: Lease['record'];
  /** Called when a job ends. `backlogged`: its webhook, if that has a free slot and parked deliveries. */
  jobEnded: (backlogged?: string) => void;
  /** Enqueues a delivery that has no job of its own. */
  enqueue: (delivery: Required<Pick<QueuedDelivery, 'id' | 'delayMs'>>) => Promise<void>;
  /** The default retry policy, for webhooks without their own settings. */
  retry: RetryPolicy;
  /** Returns how long a job continues with parked deliveries of its webhook, in milliseconds since its start, as it is now. */
  continueForMs: () => number;
  /** Called for every attempt and every fault, for the metrics and the charts. */
  observe: DeliverObserver;
  /** Runs an attempt inside its trace span. Default: no traces. */
  trace?: TraceDelivery | undefined;
  log: { debug: LogLine; info: LogLine; warn: LogLine; error: LogLine };
}

/**
 * Runs `work` inside the delivery's trace span and returns its result.
 *
 * @param startedAt when the claim began, on the clock of `performance.now()`
 */
export type TraceDelivery = <Result>(claimed: ClaimedDelivery, startedAt: number, work: () => Promise<Result>) => Promise<Result>;

/** A failure between the worker and PostgreSQL, or in building a request; not one between the worker and a receiver. */
export type Fault = 'unclaimable' | 'unbuildable' | 'unrecorded' | 'lease_lost';

/** Observes attempts, for the metrics. */
export interface DeliverObserver {
  /** Called before a request is sent. */
  requestStarted: () => void;
  /** Called when the request has ended, with or without success. */
  requestEnded: () => void;
  /** Called when the attempt was recorded. */
  recorded: (
    result: AttemptResult,
    outcome: Outcome,
    delivery: Pick<ClaimedDelivery, 'id' | 'attemptCount' | 'owner' | 'webhookId'>,
  ) => void;
  /** Called for each fault. */
  fault: (fault: Fault) => void;
}

type LogLine = (message: string, details: object) => void;

/**
 * Processes one job: claims the delivery, sends the request, commits the attempt, and only then returns the outcome of the
 * job. For `continueForMs` it continues with parked deliveries of the same webhook: claiming the next one from PostgreSQL alone
 * costs half of the way through Redis. Then it returns, so that other webhooks get the worker.
 */
export type Deliver = (id: string) => Promise<JobOutcome>;

/** The end of an attempt. Its `Outcome` is for the delivery; its `JobOutcome` says what BullMQ does with the job. */
interface Attempted {
  jobOutcome: JobOutcome;
  /** Whether a parked delivery waits for the slot that became free. */
  backlogged: boolean;
  /** Whether the webhook's row is locked: its deliveries cannot be claimed for now. */
  isLocked?: boolean;
}

const LEVELS = { succeeded: 'debug', pending: 'info', failed: 'warn' } as const;

/** The delay when the database does not answer a claim, in milliseconds: random, so that not all jobs return at the same time. */
const UNCLAIMABLE_RETRY_MS = { min: 1000, max: 5000 };
/** The delay of a delivery whose request this worker cannot build, in milliseconds. */
const UNBUILDABLE_RETRY_MS = 60_000;

/** The outcome of an attempt whose kept connection broke: the delivery is due again at once. */
const RESEND: Outcome = { status: 'pending', delayMs: 0, counted: false };

const FINISH: JobOutcome = { action: 'finish' };
/** The delivery was ended without an attempt. Its slot is free, and others may wait for it. */
const ENDED: Attempted = { jobOutcome: FINISH, backlogged: true };

/** Creates steps 4 and 5 of an event's journey: claim, send, record. */
export function createDeliver(parts: DeliverParts): Deliver {
  const { claim, claimNext, build, send, sendWithinMs, record, jobEnded, enqueue, retry, continueForMs, observe, trace, log } =
    parts;

  const attemptUntraced = async (claimed: LeasedDelivery): Promise<Attempted> => {
    const number = claimed.attemptCount + 1;
    let request: OutgoingRequest;
    try {
      request = build(claimed);
    } catch (error) {
      // The operator has to fix it (a key is missing), so it uses up no attempt. The lease expires by itself.
      observe.fault('unbuildable');
      log.error('A delivery could not be built.', { ...idsOf(claimed, number), error });
      return { jobOutcome: { action: 'postpone', delayMs: UNBUILDABLE_RETRY_MS }, backlogged: false };
    }
    const heldMs = claimed.heldMs();
    if (heldMs >= sendWithinMs) {
      // This process stood still. Another worker may claim the delivery before a request would end, and send it, too (I4).
      observe.fault('lease_lost');
      log.warn('The lease was too old to send a request; the delivery is claimed again.', {
        ...idsOf(claimed, number),
        held_ms: Math.round(heldMs),
      });
      return { jobOutcome: FINISH, backlogged: false };
    }
    observe.requestStarted();
    let result: AttemptResult;
    try {
      result = await send(claimed.isResent ? { ...request, onFreshConnection: true } : request);
    } finally {
      observe.requestEnded();
    }
    const { priorAttempts, firstAttemptAgoMs } = claimed;
    const policy = policyOf(retry, claimed.retry);
    // The receiver read nothing, most likely: the delivery is sent once more, as an attempt of its own that uses up none.
    const outcome =
      result.brokeWhenReused && !claimed.isResent
        ? RESEND
        : decideOutcome(result, number - priorAttempts, policy, Math.random(), firstAttemptAgoMs);
    let settled: Settled;
    try {
      settled = await record(toRecord(claimed, result, outcome));
    } catch (error) {
      // The lease expires, and the reconciler enqueues the delivery again.
      observe.fault('unrecorded');
      log.error('An attempt was made and could not be recorded; the delivery is sent again.', {
        ...describe(claimed, number, result, outcome),
        error,
      });
      return { jobOutcome: FINISH, backlogged: false };
    }
    if (!settled.held) {
      observe.fault('lease_lost');
      log.warn('The lease was lost before the attempt was recorded.', {
        ...describe(claimed, number, result, outcome),
        held_ms: Math.round(claimed.heldMs()),
      });
      return { jobOutcome: FINISH, backlogged: settled.backlogged };
    }
    const { againInMs, heldForMs } = settled;
    const recorded: Outcome = againInMs === null ? outcome : { status: 'pending', delayMs: againInMs, counted: true };
    observe.recorded(result, recorded, claimed);
    log[LEVELS[recorded.status]](`Attempted: ${recorded.status}.`, describe(claimed, number, result, recorded));
    if (heldForMs !== null) return { jobOutcome: { action: 'postpone', delayMs: heldForMs }, backlogged: false };
    return { jobOutcome: toJobOutcome(recorded, result), backlogged: settled.backlogged };
  };

  const attempt =
    trace === undefined
      ? attemptUntraced
      : (claimed: LeasedDelivery, startedAt: number) => trace(claimed, startedAt, () => attemptUntraced(claimed));

  /** Attempts the next parked delivery of the webhook; undefined when there is none, or no free slot. */
  const attemptNext = async (webhookId: string): Promise<Attempted | undefined> => {
    const startedAt = performance.now();
    const next = await claimNext(webhookId);
    if (next === undefined) return undefined;
    if (next.state === 'ended') return ENDED;
    if (next.state === 'locked') return { ...ENDED, isLocked: true };
    const attempted: Attempted =
      next.state === 'claimed'
        ? await attempt(next, startedAt)
        : { jobOutcome: { action: 'postpone', delayMs: next.dueInMs }, backlogged: false };
    const { jobOutcome } = attempted;
    // The running job belongs to another delivery, so this one needs its own job.
    if (jobOutcome.action === 'retry' || jobOutcome.action === 'postpone')
      await enqueue({ id: next.id, delayMs: jobOutcome.delayMs ?? 0 });
    return attempted;
  };

  /** Continues with parked deliveries of the webhook after the job's own. Returns whether others still wait for a free slot. */
  const attemptParked = async (webhookId: string, first: Attempted, startedAt: number): Promise<boolean> => {
    let last: Attempted | undefined = first;
    try {
      while (
        last?.backlogged &&
        !last.isLocked &&
        first.jobOutcome.action === 'finish' &&
        performance.now() < startedAt + continueForMs()
      )
        last = await attemptNext(webhookId);
      return last?.backlogged ?? false;
    } catch (error) {
      log.warn('Parked deliveries wait for the next round of the reconciler.', { webhook_id: webhookId, error });
      return false;
    }
  };

  const processJob = async (id: string): Promise<{ jobOutcome: JobOutcome; backlogged?: string }> => {
    const startedAt = performance.now();
    let claimed: Awaited<ReturnType<Lease['claim']>>;
    try {
      claimed = await claim(id);
    } catch (error) {
      observe.fault('unclaimable');
      log.warn('A delivery could not be claimed; BullMQ retries it.', { delivery_id: id, error });
      const { min, max } = UNCLAIMABLE_RETRY_MS;
      const delayMs = min + Math.random() * (max - min);
      return { jobOutcome: { action: 'retry', reason: 'The database did not answer.', delayMs } };
    }
    if (claimed === undefined) return { jobOutcome: FINISH };
    if (claimed.state === 'deferred') return { jobOutcome: { action: 'postpone', delayMs: claimed.dueInMs } };
    const first = claimed.state === 'ended' ? ENDED : await attempt(claimed, startedAt);
    const { jobOutcome } = first;
    return (await attemptParked(claimed.webhookId, first, startedAt))
      ? { jobOutcome, backlogged: claimed.webhookId }
      : { jobOutcome };
  };

  return async (id) => {
    const { jobOutcome, backlogged } = await processJob(id);
    jobEnded(backlogged);
    return jobOutcome;
  };
}

function toJobOutcome(outcome: Outcome, { error, errorClass }: AttemptResult): JobOutcome {
  if (outcome.status !== 'pending') return FINISH;
  // It is parked: when its webhook is no longer held, admission comes to it.
  if (errorClass === 'throttled' && !outcome.counted) return FINISH;
  return { action: 'retry', reason: error ?? '', delayMs: outcome.delayMs, priority: JOB_PRIORITY };
}

function toRecord({ id, leaseToken, url, slowDowns }: ClaimedDelivery, result: AttemptResult, outcome: Outcome): AttemptRecord {
  const { durationMs, requestHeaders, statusCode, errorClass, error, responseHeaders, responseBody, retryAfterMs } = result;
  return {
    deliveryId: id,
    leaseToken,
    url,
    startedAgoMs: performance.now() - result.startedAt,
    durationMs,
    requestHeaders,
    statusCode,
    errorClass,
    error,
    responseHeaders,
    responseBody,
    counted: outcome.status !== 'pending' || outcome.counted,
    throttle: errorClass === 'throttled' ? { askedMs: retryAfterMs, jitter: Math.random() } : null,
    slowDowns,
    outcome: outcome.status === 'pending' ? { status: 'pending', retryInMs: outcome.delayMs } : outcome,
  };
}

/** The fields of every log line about an attempt. */
function idsOf({ id, webhookId, eventId, eventType, eventVersion, replay }: ClaimedDelivery, attempt: number) {
  return {
    event_id: eventId,
    delivery_id: id,
    webhook_id: webhookId,
    event_type: eventType,
    event_version: eventVersion,
    attempt,
    replay,
  };
}

function describe(delivery: ClaimedDelivery, attempt: number, result: AttemptResult, outcome: Outcome) {
  // Repeats the fields of `idsOf`: a spread for every delivery would take more than one per cent of the worker's time (measured).
  return {
    event_id: delivery.eventId,
    delivery_id: delivery.id,
    webhook_id: delivery.webhookId,
    event_type: delivery.eventType,
    event_version: delivery.eventVersion,
    attempt,
    replay: delivery.replay,
    status: outcome.status,
    status_code: result.statusCode,
    error_class: result.errorClass,
    error_code: result.errorCode ?? undefined,
    duration_ms: result.durationMs,
  };
}
