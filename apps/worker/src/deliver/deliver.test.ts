import { describe, expect, test } from '@jest/globals';
import type { AttemptRecord } from '@tidings/database';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '@tidings/config';
import { JOB_PRIORITY } from '@tidings/queue';
import type { AttemptResult } from './attempt-result.js';
import { createDeliver } from './deliver.js';
import type { Lease, LeasedDelivery } from './lease.js';
import type { OutgoingRequest } from './send.js';

type Claim = Awaited<ReturnType<Lease['claim']>>;
type NextClaim = Awaited<ReturnType<Lease['claimNext']>>;

const claimed = (attemptCount = 0): LeasedDelivery => ({
  heldMs: () => 0,
  state: 'claimed',
  id: 'dlv_1',
  leaseToken: 'lease',
  webhookId: 'wh_1',
  owner: 'alice',
  url: 'https://example.com',
  sealedSecret: Buffer.alloc(0),
  sealedPreviousSecrets: null,
  sealedHeaders: null,
  claimedAt: 1_795_000_000,
  eventId: 'evt_1',
  eventType: 'sync.completed',
  eventVersion: 1,
  eventTimestamp: '',
  eventData: '{}',
  traceparent: null,
  attemptCount,
  priorAttempts: 0,
  isResent: false,
  replay: false,
  firstAttemptAgoMs: null,
  slowDowns: 4,
  retry: { maxAttempts: null, initialDelayMs: null, maxDelayMs: null, schedule: null },
});
const SEND_WITHIN_MS = 15_000;
const succeeding: Partial<AttemptResult> = { statusCode: 200, errorClass: null, error: null };
/** The default policy without randomness. */
const POLICY: RetryPolicy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
const failing: Partial<AttemptResult> = { statusCode: 500, errorClass: 'http_status', error: 'The response had the status 500.' };

interface Scenario {
  claim?: Claim | Promise<never>;
  result?: Partial<AttemptResult>;
  retry?: RetryPolicy;
  held?: boolean | Error;
  /** When the delivery is due again, because a retry was requested during the attempt. */
  againInMs?: number | null;
  /** The time until its webhook's hold ends, because its receiver asked to slow down. */
  heldForMs?: number | null;
  build?: () => never;
}

/** Processes one job. Returns the order of the calls, the record, the observer's calls, and the job outcome. */
async function deliver(scenario: Scenario) {
  const { claim, result = succeeding, retry = POLICY, held = true, againInMs = null, heldForMs = null, build } = scenario;
  const steps: string[] = [];
  const sent: OutgoingRequest[] = [];
  const records: AttemptRecord[] = [];
  const observed: unknown[] = [];
  const step = <Value>(name: string, value: Value): Value => {
    steps.push(name);
    return value;
  };
  const errors: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (message: string) => void errors.push(message),
  };
  const jobOutcome = await createDeliver({
    claim: () => Promise.resolve(step('claim', claim)),
    claimNext: () => Promise.resolve(undefined),
    build: build ?? (() => step('build', { url: '', headers: {}, body: '' })),
    send: (request) => {
      sent.push(request);
      return Promise.resolve(
        step('send', {
          startedAt: performance.now(),
          durationMs: 5,
          retryAfterMs: null,
          responseBody: 'ok',
          brokeWhenReused: false,
          ...result,
        } as AttemptResult),
      );
    },
    sendWithinMs: SEND_WITHIN_MS,
    record: (record) => {
      records.push(record);
      steps.push('record');
      return held instanceof Error ? Promise.reject(held) : Promise.resolve({ held, backlogged: false, againInMs, heldForMs });
    },
    jobEnded: () => undefined,
    enqueue: () => Promise.resolve(),
    retry,
    continueForMs: () => 1000,
    observe: {
      requestStarted: () => undefined,
      requestEnded: () => undefined,
      recorded: ({ errorClass }, { status }) => void observed.push([errorClass, status]),
      fault: (fault) => void observed.push(fault),
    },
    log,
  })('dlv_1');
  return { jobOutcome, steps, request: sent[0], record: records[0], observed, errors };
}

describe('a delivery whose kept connection broke', () => {
  const broke: Partial<AttemptResult> = { statusCode: null, errorClass: 'reset', error: 'closed', brokeWhenReused: true };
  const once: RetryPolicy = { ...POLICY, maxAttempts: 1 };

  test('is due again at once, and its attempt is not counted, not even if it was to be the only one', async () => {
    const { jobOutcome, record, steps, observed } = await deliver({ claim: claimed(), result: broke, retry: once });
    expect(steps).toEqual(['claim', 'build', 'send', 'record']);
    expect(record).toMatchObject({ counted: false, errorClass: 'reset', outcome: { status: 'pending', retryInMs: 0 } });
    expect(jobOutcome).toMatchObject({ action: 'retry', delayMs: 0 });
    expect(observed).toEqual([['reset', 'pending']]);
  });

  test('is sent on a new connection, and that attempt is counted', async () => {
    const { request, record } = await deliver({
      claim: { ...claimed(1), priorAttempts: 1, isResent: true },
      result: failing,
      retry: once,
    });
    expect(request).toMatchObject({ onFreshConnection: true });
    expect(record).toMatchObject({ counted: true, outcome: { status: 'failed' } });
  });

  test('is resent once: should a connection break so again, that attempt is counted', async () => {
    const { record } = await deliver({ claim: { ...claimed(1), priorAttempts: 1, isResent: true }, result: broke });
    expect(record).toMatchObject({ counted: true, outcome: { status: 'pending', retryInMs: POLICY.initialDelayMs } });
  });

  test('was not resent before: then a connection that was kept is good enough', async () => {
    const { request, record } = await deliver({ claim: claimed() });
    expect(request?.onFreshConnection).toBeUndefined();
    expect(record).toMatchObject({ counted: true });
  });
});

describe('a delivery', () => {
  test('is claimed, sent and recorded before its job finishes', async () => {
    const { steps, jobOutcome, record } = await deliver({ claim: claimed() });
    expect(steps).toEqual(['claim', 'build', 'send', 'record']);
    expect(record).toMatchObject({ deliveryId: 'dlv_1', leaseToken: 'lease', statusCode: 200, outcome: { status: 'succeeded' } });
    expect(jobOutcome).toEqual({ action: 'finish' });
  });

  test('is not attempted when it has ended, is parked, or another job holds its lease', async () => {
    expect(await deliver({ claim: undefined })).toMatchObject({ steps: ['claim'], jobOutcome: { action: 'finish' } });
  });

  test('is postponed until it is due', async () => {
    const { steps, jobOutcome } = await deliver({ claim: { state: 'deferred', id: 'dlv_1', webhookId: 'wh_1', dueInMs: 700 } });
    expect(steps).toEqual(['claim']);
    expect(jobOutcome).toEqual({ action: 'postpone', delayMs: 700 });
  });

  test('is retried by BullMQ after a failure, at the recorded time', async () => {
    const { jobOutcome, record, observed } = await deliver({ claim: claimed(1), result: failing });
    expect(jobOutcome).toEqual({
      action: 'retry',
      reason: 'The response had the status 500.',
      delayMs: 240_000,
      priority: JOB_PRIORITY,
    });
    expect(record).toMatchObject({ errorClass: 'http_status', outcome: { status: 'pending', retryInMs: 240_000 } });
    expect(observed).toEqual([['http_status', 'pending']]);
  });

  test('is retried at once, whatever came of its attempt, when a retry was requested during the attempt', async () => {
    for (const result of [succeeding, failing]) {
      const { jobOutcome, observed } = await deliver({ claim: claimed(2), result, againInMs: 0 });
      expect(jobOutcome).toMatchObject({ action: 'retry', delayMs: 0 });
      expect(observed).toEqual([[result.errorClass, 'pending']]);
    }
  });

  describe('whose receiver asks to slow down', () => {
    const throttling = { statusCode: 429, errorClass: 'throttled', error: 'Slower.', retryAfterMs: 7000 } as const;

    test('uses up no attempt, and comes back when the hold of its webhook ends', async () => {
      const { jobOutcome, record, observed } = await deliver({ claim: claimed(2), result: throttling, heldForMs: 7100 });
      expect(record).toMatchObject({ counted: false, slowDowns: 4, throttle: { askedMs: 7000 }, outcome: { status: 'pending' } });
      expect(jobOutcome).toEqual({ action: 'postpone', delayMs: 7100 });
      expect(observed).toEqual([['throttled', 'pending']]);
    });

    test('is left to admission when its webhook is not held: its URL has changed', async () => {
      expect((await deliver({ claim: claimed(), result: throttling })).jobOutcome).toEqual({ action: 'finish' });
    });

    test('fails by its last attempt when the first one was a day ago', async () => {
      const claim = { ...claimed(2), firstAttemptAgoMs: 86_400_000 };
      const { jobOutcome, record } = await deliver({ claim, result: throttling });
      expect(record).toMatchObject({ counted: true, throttle: { askedMs: 7000 }, outcome: { status: 'failed' } });
      expect(jobOutcome).toEqual({ action: 'finish' });
    });
  });

  test('is retried by the retry settings of its webhook', async () => {
    const retry = { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 300, schedule: null };
    const { jobOutcome } = await deliver({ claim: { ...claimed(3), retry }, result: failing });
    expect(jobOutcome).toMatchObject({ action: 'retry', delayMs: 300 });
    expect((await deliver({ claim: { ...claimed(4), retry }, result: failing })).jobOutcome).toEqual({ action: 'finish' });
  });

  test('has all its attempts again when it is replayed', async () => {
    const replayed = { ...claimed(3), priorAttempts: 3, replay: true };
    expect((await deliver({ claim: replayed, result: failing })).jobOutcome).toMatchObject({ action: 'retry', delayMs: 120_000 });
  });

  test('is retried without an attempt when the database does not answer the claim', async () => {
    const { steps, jobOutcome, observed } = await deliver({ claim: Promise.reject(new Error('away')) });
    expect(steps).toEqual(['claim']);
    expect(jobOutcome).toMatchObject({ action: 'retry', reason: 'The database did not answer.' });
    expect(observed).toEqual(['unclaimable']);
  });

  test('fails after the last attempt', async () => {
    const { jobOutcome, record } = await deliver({ claim: claimed(2), result: failing });
    expect(jobOutcome).toEqual({ action: 'finish' });
    expect(record).toMatchObject({ outcome: { status: 'failed' } });
  });

  test('finishes its job when the lease was lost: the new holder of the lease continues', async () => {
    const { jobOutcome, observed } = await deliver({ claim: claimed(), result: failing, held: false });
    expect(jobOutcome).toEqual({ action: 'finish' });
    expect(observed).toEqual(['lease_lost']);
  });

  test('is left to the reconciler, and logged as sent again, when its attempt could not be recorded', async () => {
    const { jobOutcome, errors, observed } = await deliver({ claim: claimed(), held: new Error('away') });
    expect(jobOutcome).toEqual({ action: 'finish' });
    expect(errors).toEqual(['An attempt was made and could not be recorded; the delivery is sent again.']);
    expect(observed).toEqual(['unrecorded']);
  });

  test('is not sent under a lease that may end during the request: the reconciler enqueues it when the lease has expired', async () => {
    const held = (heldMs: number) => deliver({ claim: { ...claimed(), heldMs: () => heldMs } });
    expect(await held(SEND_WITHIN_MS)).toMatchObject({
      steps: ['claim', 'build'],
      jobOutcome: { action: 'finish' },
      observed: ['lease_lost'],
    });
    expect((await held(SEND_WITHIN_MS - 1)).steps).toEqual(['claim', 'build', 'send', 'record']);
  });

  test('is postponed without an attempt when a key is missing to build its request', async () => {
    const build = (): never => {
      throw new Error('Sealed with the key "old"');
    };
    const { steps, jobOutcome, observed } = await deliver({ claim: claimed(), build });
    expect(steps).toEqual(['claim']);
    expect(jobOutcome).toEqual({ action: 'postpone', delayMs: 60_000 });
    expect(observed).toEqual(['unbuildable']);
  });
});

describe('a slot that became free', () => {
  interface SlotScenario {
    /** The results of the calls of `claimNext`, in order; an error is thrown. */
    parked: (NextClaim | Error)[];
    /** The result of the claim of the job's delivery. Default: it is claimed. */
    claim?: Claim;
    /** The result of each attempt, that of the job's delivery first. Default: it succeeds. */
    results?: Partial<AttemptResult>[];
    /** Whether deliveries are parked, after each record. Default: always. */
    backlogged?: boolean[];
    /** How long the job continues, at each look. Default: a minute. */
    continueForMs?: number[];
  }
  /** Processes one job with parked deliveries. Returns what was recorded and enqueued, whether others wait, and the job outcome. */
  async function deliverWithParked({
    parked,
    claim = claimed(),
    results = [],
    backlogged = [],
    continueForMs = [],
  }: SlotScenario) {
    const recorded: string[] = [];
    let waitsForTurn: boolean | undefined;
    const enqueued: object[] = [];
    const waiting = [...parked];
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const jobOutcome = await createDeliver({
      claim: () => Promise.resolve(claim),
      claimNext: () => {
        const next = waiting.shift();
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      },
      build: () => ({ url: '', headers: {}, body: '' }),
      send: () =>
        Promise.resolve({
          ...succeeding,
          startedAt: performance.now(),
          durationMs: 5,
          retryAfterMs: null,
          responseBody: '',
          ...results[recorded.length],
        } as AttemptResult),
      sendWithinMs: SEND_WITHIN_MS,
      record: ({ deliveryId }) => {
        recorded.push(deliveryId);
        return Promise.resolve({
          held: true,
          backlogged: backlogged[recorded.length - 1] ?? true,
          againInMs: null,
          heldForMs: null,
        });
      },
      jobEnded: (webhookId) => (waitsForTurn = webhookId !== undefined),
      enqueue: (delivery) => {
        enqueued.push(delivery);
        return Promise.resolve();
      },
      retry: POLICY,
      continueForMs: () => continueForMs.shift() ?? 60_000,
      observe: {
        requestStarted: () => undefined,
        requestEnded: () => undefined,
        recorded: () => undefined,
        fault: () => undefined,
      },
      log,
    })('dlv_1');
    return { jobOutcome, recorded, waitsForTurn, enqueued, unclaimed: waiting.length };
  }
  const waitingDelivery = (id: string): LeasedDelivery => ({ ...claimed(), id });

  test('goes to the next parked delivery, until there is none', async () => {
    expect(await deliverWithParked({ parked: [waitingDelivery('dlv_2'), waitingDelivery('dlv_3'), undefined] })).toEqual({
      jobOutcome: { action: 'finish' },
      recorded: ['dlv_1', 'dlv_2', 'dlv_3'],
      waitsForTurn: false,
      enqueued: [],
      unclaimed: 0,
    });
  });

  test('is not used again when no delivery is parked', async () => {
    const { recorded, unclaimed } = await deliverWithParked({
      parked: [waitingDelivery('dlv_2'), waitingDelivery('dlv_3')],
      backlogged: [true, false],
    });
    expect([recorded, unclaimed]).toEqual([['dlv_1', 'dlv_2'], 1]);
  });

  test('waits for its turn when the time of the job is over', async () => {
    const { recorded, waitsForTurn, jobOutcome } = await deliverWithParked({
      parked: [waitingDelivery('dlv_2')],
      continueForMs: [0],
    });
    expect([recorded, waitsForTurn, jobOutcome]).toEqual([['dlv_1'], true, { action: 'finish' }]);
  });

  test('waits for its turn as soon as others wait', async () => {
    const { recorded, waitsForTurn } = await deliverWithParked({
      parked: [waitingDelivery('dlv_2'), waitingDelivery('dlv_3')],
      continueForMs: [60_000, 0],
    });
    expect([recorded, waitsForTurn]).toEqual([['dlv_1', 'dlv_2'], true]);
  });

  test('waits for its turn when the job itself is retried', async () => {
    const { recorded, waitsForTurn, jobOutcome } = await deliverWithParked({
      parked: [waitingDelivery('dlv_2')],
      results: [failing],
    });
    expect([recorded, waitsForTurn]).toEqual([['dlv_1'], true]);
    expect(jobOutcome).toMatchObject({ action: 'retry', delayMs: 120_000 });
  });

  test('enqueues a parked delivery that fails, at the recorded time, and continues', async () => {
    const { recorded, enqueued, jobOutcome } = await deliverWithParked({
      parked: [waitingDelivery('dlv_2'), waitingDelivery('dlv_3')],
      results: [{}, failing],
      backlogged: [true, true, false],
    });
    expect(recorded).toEqual(['dlv_1', 'dlv_2', 'dlv_3']);
    expect(enqueued).toEqual([{ id: 'dlv_2', delayMs: 120_000 }]);
    expect(jobOutcome).toEqual({ action: 'finish' });
  });

  test('enqueues a parked delivery that is too early for the rate limit', async () => {
    const { enqueued } = await deliverWithParked({
      parked: [{ state: 'deferred', id: 'dlv_2', webhookId: 'wh_1', dueInMs: 300 }],
    });
    expect(enqueued).toEqual([{ id: 'dlv_2', delayMs: 300 }]);
  });

  test('goes to the next delivery when the job’s own, or the next one, was ended without an attempt', async () => {
    const ended = { state: 'ended', webhookId: 'wh_1' } as const;
    const { recorded, waitsForTurn, jobOutcome } = await deliverWithParked({
      claim: ended,
      parked: [ended, waitingDelivery('dlv_2'), undefined],
    });
    expect([recorded, waitsForTurn, jobOutcome]).toEqual([['dlv_2'], false, { action: 'finish' }]);
  });

  test('waits for its turn when the webhook’s row is locked', async () => {
    const { recorded, waitsForTurn, jobOutcome, unclaimed } = await deliverWithParked({
      parked: [{ state: 'locked', webhookId: 'wh_1' }, waitingDelivery('dlv_2')],
    });
    expect([recorded, waitsForTurn, jobOutcome, unclaimed]).toEqual([['dlv_1'], true, { action: 'finish' }, 1]);
  });

  test('is left to the reconciler when the database does not answer', async () => {
    const { jobOutcome, recorded } = await deliverWithParked({ parked: [new Error('away')] });
    expect([jobOutcome, recorded]).toEqual([{ action: 'finish' }, ['dlv_1']]);
  });
});
