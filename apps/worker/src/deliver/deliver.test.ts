import { describe, expect, test } from '@jest/globals';
import type { AttemptRecord, Claim, ClaimedDelivery } from '@tidings/database';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '@tidings/queue';
import type { AttemptResult } from './attempt-result.js';
import { createDeliver } from './deliver.js';

const claimed = (attemptCount = 0): ClaimedDelivery => ({
  state: 'claimed',
  id: 'dlv_1',
  leaseToken: 'lease',
  webhookId: 'wh_1',
  url: 'https://example.com',
  sealedSecret: Buffer.alloc(0),
  sealedPreviousSecrets: null,
  sealedHeaders: null,
  claimedAt: 1_795_000_000,
  eventId: 'evt_1',
  eventType: 'sync.completed',
  eventTimestamp: '',
  eventData: '{}',
  attemptCount,
  priorAttempts: 0,
  replay: false,
  retry: { maxAttempts: null, initialDelayMs: null, maxDelayMs: null },
});
const succeeding: Partial<AttemptResult> = { statusCode: 200, errorClass: null, error: null };
/** Without chance. */
const POLICY: RetryPolicy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
const failing: Partial<AttemptResult> = { statusCode: 500, errorClass: 'http_status', error: 'The response had the status 500.' };

interface Story {
  claim?: Claim | Promise<never> | undefined;
  result?: Partial<AttemptResult>;
  retry?: RetryPolicy;
  held?: boolean | Error;
  build?: () => never;
}

/** Delivers once, and tells in which order the parts were asked, what was recorded, and the verdict. */
async function deliver({ claim, result = succeeding, retry = POLICY, held = true, build }: Story) {
  const steps: string[] = [];
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
  const verdict = await createDeliver({
    claim: () => Promise.resolve(step('claim', claim)),
    build: build ?? (() => step('build', { url: '', headers: {}, body: '' })),
    send: () =>
      Promise.resolve(
        step('send', {
          startedAt: performance.now(),
          durationMs: 5,
          retryAfterMs: null,
          responseBody: 'ok',
          ...result,
        } as AttemptResult),
      ),
    record: (record) => {
      records.push(record);
      steps.push('record');
      return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
    },
    retry,
    observe: ({ errorClass }, { status }) => void observed.push([errorClass, status]),
    log,
  })('dlv_1');
  return { verdict, steps, record: records[0], observed, errors };
}

describe('a delivery', () => {
  test('is claimed, sent, recorded, and only then finished', async () => {
    const { steps, verdict, record } = await deliver({ claim: claimed() });
    expect(steps).toEqual(['claim', 'build', 'send', 'record']);
    expect(record).toMatchObject({ deliveryId: 'dlv_1', leaseToken: 'lease', statusCode: 200, outcome: { status: 'succeeded' } });
    expect(verdict).toEqual({ then: 'finish' });
  });

  test('that is finished, cancelled or in other hands is left alone', async () => {
    expect(await deliver({ claim: undefined })).toMatchObject({ steps: ['claim'], verdict: { then: 'finish' } });
  });

  test('that is not due yet is put off until then', async () => {
    const { steps, verdict } = await deliver({ claim: { state: 'deferred', id: 'dlv_1', dueInMs: 700 } });
    expect(steps).toEqual(['claim']);
    expect(verdict).toEqual({ then: 'postpone', delayMs: 700 });
  });

  test('that failed is retried by BullMQ at the time that was recorded, behind first attempts', async () => {
    const { verdict, record, observed } = await deliver({ claim: claimed(1), result: failing });
    expect(verdict).toEqual({ then: 'retry', reason: 'The response had the status 500.', delayMs: 20_000, priority: 1 });
    expect(record).toMatchObject({ errorClass: 'http_status', outcome: { status: 'pending', retryInMs: 20_000 } });
    expect(observed).toEqual([['http_status', 'pending']]);
  });

  test('is retried as its webhook says', async () => {
    const retry = { maxAttempts: 5, initialDelayMs: 100, maxDelayMs: 300 };
    const { verdict } = await deliver({ claim: { ...claimed(3), retry }, result: failing });
    expect(verdict).toMatchObject({ then: 'retry', delayMs: 300 });
    expect((await deliver({ claim: { ...claimed(4), retry }, result: failing })).verdict).toEqual({ then: 'finish' });
  });

  test('that is replayed has all its attempts again', async () => {
    const replayed = { ...claimed(3), priorAttempts: 3, replay: true };
    expect((await deliver({ claim: replayed, result: failing })).verdict).toMatchObject({ then: 'retry', delayMs: 10_000 });
  });

  test('comes when the receiver asked for it', async () => {
    const { verdict, record } = await deliver({
      claim: claimed(),
      result: { ...failing, statusCode: 503, retryAfterMs: 77_000 },
    });
    expect(verdict).toMatchObject({ then: 'retry', delayMs: 77_000 });
    expect(record).toMatchObject({ outcome: { status: 'pending', retryInMs: 77_000 } });
  });

  test('that the database could not be asked about comes again, without an attempt', async () => {
    const { steps, verdict } = await deliver({ claim: Promise.reject(new Error('away')) });
    expect(steps).toEqual(['claim']);
    expect(verdict).toMatchObject({ then: 'retry', reason: 'The database did not answer.' });
  });

  test('is over after the last attempt', async () => {
    const { verdict, record } = await deliver({ claim: claimed(2), result: failing });
    expect(verdict).toEqual({ then: 'finish' });
    expect(record).toMatchObject({ outcome: { status: 'failed' } });
  });

  test('whose lease was lost is finished here: whoever holds it now goes on', async () => {
    expect((await deliver({ claim: claimed(), result: failing, held: false })).verdict).toEqual({ then: 'finish' });
  });

  test('that was sent and could not be recorded is said to be sent again, and left to the reconciler', async () => {
    const { verdict, errors } = await deliver({ claim: claimed(), held: new Error('away') });
    expect(verdict).toEqual({ then: 'finish' });
    expect(errors).toEqual(['An attempt was made and could not be recorded; the delivery is sent again.']);
  });

  test('that cannot be built, for a missing key, is put off without an attempt', async () => {
    const build = (): never => {
      throw new Error('Sealed with the key "old"');
    };
    const { steps, verdict } = await deliver({ claim: claimed(), build });
    expect(steps).toEqual(['claim']);
    expect(verdict).toEqual({ then: 'postpone', delayMs: 60_000 });
  });
});
