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
  sealedHeaders: null,
  eventId: 'evt_1',
  eventType: 'sync.completed',
  eventTimestamp: '',
  eventData: '{}',
  attemptCount,
});
const succeeding: Partial<AttemptResult> = { statusCode: 200, errorClass: null, error: null };
const failing: Partial<AttemptResult> = { statusCode: 500, errorClass: 'http_status', error: 'The response had the status 500.' };

interface Story {
  claim?: Claim | undefined;
  result?: Partial<AttemptResult>;
  retry?: RetryPolicy;
  held?: boolean;
  build?: () => never;
}

/** Delivers once, and tells in which order the parts were asked, what was recorded, and the verdict. */
async function deliver({ claim, result = succeeding, retry = DEFAULT_RETRY_POLICY, held = true, build }: Story) {
  const steps: string[] = [];
  const records: AttemptRecord[] = [];
  const step = <Value>(name: string, value: Value): Value => {
    steps.push(name);
    return value;
  };
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const verdict = await createDeliver({
    claim: () => Promise.resolve(step('claim', claim)),
    build: build ?? (() => step('build', { url: '', headers: {}, body: '' })),
    send: () =>
      Promise.resolve(
        step('send', { startedAt: performance.now(), durationMs: 5, responseBody: 'ok', ...result } as AttemptResult),
      ),
    record: (record) => {
      records.push(record);
      return Promise.resolve(step('record', held));
    },
    retry,
    log,
  })('dlv_1');
  return { verdict, steps, record: records[0] };
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

  test("that failed is retried by BullMQ, and recorded as due when BullMQ's window begins and ends", async () => {
    const { verdict, record } = await deliver({ claim: claimed(1), result: failing });
    expect(verdict).toEqual({ then: 'retry', reason: 'The response had the status 500.' });
    expect(record).toMatchObject({
      errorClass: 'http_status',
      outcome: { status: 'pending', retryInMs: 10_000, retryByMs: 20_000 },
    });
  });

  test('is put off within the cap when the backoff would go beyond it', async () => {
    const { verdict } = await deliver({
      claim: claimed(1),
      result: failing,
      retry: { ...DEFAULT_RETRY_POLICY, maxDelayMs: 12_000 },
    });
    expect(verdict.then).toBe('postpone');
    const { delayMs } = verdict as { delayMs: number };
    expect(delayMs).toBeGreaterThanOrEqual(6000);
    expect(delayMs).toBeLessThanOrEqual(12_000);
  });

  test('is over after the last attempt', async () => {
    const { verdict, record } = await deliver({ claim: claimed(2), result: failing });
    expect(verdict).toEqual({ then: 'finish' });
    expect(record).toMatchObject({ outcome: { status: 'failed' } });
  });

  test('whose lease was lost is finished here: whoever holds it now goes on', async () => {
    expect((await deliver({ claim: claimed(), result: failing, held: false })).verdict).toEqual({ then: 'finish' });
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
