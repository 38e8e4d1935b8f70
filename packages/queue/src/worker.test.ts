import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue, type JobsOptions } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { createTestRedis, eventually, type TestRedis } from '@tidings/testing';
import { connectRedis } from './redis.js';
import { createQueueWorker, type QueueWorker, type JobOutcome } from './worker.js';

let redis: TestRedis;
let jobs: RedisClient;
let queue: Queue<{ n: number }>;
let worker: QueueWorker;
/** The jobs that the worker processed, in order. */
let processed: { n: number; jobId: string; traceparent?: string | undefined }[];
beforeEach(() => {
  redis = createTestRedis();
  jobs = connectRedis(redis.url, 'worker', () => undefined);
  queue = new Queue('trial', { connection: redis.client, prefix: redis.prefix });
  processed = [];
});
afterEach(async () => {
  await worker.stop(1000);
  await queue.close();
  jobs.disconnect();
  await redis.drop();
});

const start = (process: (n: number) => JobOutcome | Promise<JobOutcome>, concurrency = 5) => {
  worker = createQueueWorker<{ n: number }>({
    queue: 'trial',
    redis: jobs,
    prefix: redis.prefix,
    concurrency,
    lockMs: 30_000,
    process: async ({ n }, jobId, traceparent) => {
      processed.push({ n, jobId, traceparent });
      return process(n);
    },
    onError: () => undefined,
  });
  worker.start();
};
const add = (n: number, options: JobsOptions = {}) => queue.add('job', { n }, { jobId: `job-${String(n)}`, ...options });
const times = (n: number) => processed.filter((one) => one.n === n).length;

describe('a job', () => {
  test('is removed when it is finished', async () => {
    start(() => ({ action: 'finish' }));
    await add(1, { removeOnComplete: true });
    await eventually(async () => {
      expect(await queue.getJob('job-1')).toBeUndefined();
    });
    expect(processed).toEqual([{ n: 1, jobId: 'job-1' }]);
  });

  test('has the trace context that it was enqueued with, on each attempt; malformed metadata counts as none', async () => {
    start((n) => (n === 1 && times(1) === 1 ? { action: 'retry', reason: '500' } : { action: 'finish' }));
    await add(1, { attempts: 2, telemetry: { metadata: '{"traceparent":"00-trace-span-01"}' } });
    for (const [index, metadata] of ['{"traceparent":1}', 'null', 'evil'].entries())
      await add(2 + index, { telemetry: { metadata } });
    await eventually(() => {
      expect(processed).toHaveLength(5);
    });
    expect(processed.map(({ n, traceparent }) => [n, traceparent]).sort()).toEqual([
      [1, '00-trace-span-01'],
      [1, '00-trace-span-01'],
      [2, undefined],
      [3, undefined],
      [4, undefined],
    ]);
  });

  test('is retried while it has attempts, and leaves no stack in Redis', async () => {
    start(() => ({ action: 'retry', reason: 'The receiver answered 500.' }));
    await add(1, { attempts: 3, backoff: { type: 'fixed', delay: 1 } });
    await eventually(async () => {
      expect(await queue.getFailedCount()).toBe(1);
    });
    expect(times(1)).toBe(3);
    const job = await queue.getJob('job-1');
    expect(job).toMatchObject({ attemptsMade: 3, failedReason: 'The receiver answered 500.' });
    for (const stack of job?.stacktrace ?? []) expect(stack).toBe('Retry: The receiver answered 500.');
  });

  test('waits for the delay of its outcome on each retry, and then behind jobs with a lower priority number', async () => {
    start(() => ({ action: 'retry', reason: '500', delayMs: times(1) < 3 ? 1 : 3_600_000, priority: 1 }));
    await add(1, { attempts: 20, backoff: { type: 'exponential', delay: 10 } });
    await eventually(async () => {
      expect(times(1)).toBe(3);
      expect(await queue.getDelayedCount()).toBe(1);
    });
    expect(await queue.getJob('job-1')).toMatchObject({ delay: 3_600_000, priority: 1, attemptsMade: 3 });
  });

  test('is processed again later when it is postponed, and loses no attempt', async () => {
    start(() => (times(1) <= 3 ? { action: 'postpone', delayMs: 1 } : { action: 'finish' }));
    await add(1, { attempts: 1 });
    await eventually(async () => {
      expect(await queue.getCompletedCount()).toBe(1);
    });
    expect(times(1)).toBe(4);
    expect((await queue.getJob('job-1'))?.attemptsMade).toBe(1);
  });

  test('does not hold up other jobs while it is postponed', async () => {
    start((n) => (n === 1 ? { action: 'postpone', delayMs: 3_600_000 } : { action: 'finish' }));
    await add(1);
    await add(2);
    await eventually(async () => {
      expect(await queue.getJobCounts('completed', 'delayed')).toEqual({ completed: 1, delayed: 1 });
    });
  });

  test('stays in the failed set as a dead letter, even with attempts left', async () => {
    start(() => ({ action: 'dead_letter', reason: 'The job is not an event.' }));
    await add(1, { attempts: 20 });
    await eventually(async () => {
      expect((await queue.getFailed()).map(({ failedReason }) => failedReason)).toEqual(['The job is not an event.']);
    });
    expect(times(1)).toBe(1);
  });

  test('is retried when its processor throws', async () => {
    start(() => (times(1) === 1 ? Promise.reject(new Error('a bug')) : { action: 'finish' }));
    await add(1, { attempts: 2 });
    await eventually(async () => {
      expect(await queue.getCompletedCount()).toBe(1);
    });
    expect(times(1)).toBe(2);
  });
});

describe('stopping a worker', () => {
  /** Starts a worker whose jobs stay in progress until the test finishes them. Returns the functions that finish them. */
  const startSlow = (concurrency: number) => {
    const inProgress: (() => void)[] = [];
    const slowly = () =>
      new Promise<JobOutcome>((resolve) => {
        inProgress.push(() => {
          resolve({ action: 'finish' });
        });
      });
    start(slowly, concurrency);
    return inProgress;
  };

  test('waits for the jobs in progress, and takes no more', async () => {
    const inProgress = startSlow(1);
    await add(1);
    await add(2);
    await eventually(() => {
      expect(inProgress).toHaveLength(1);
    });
    let stopped = false;
    const stopping = worker.stop(20_000).then(() => {
      stopped = true;
    });
    expect(await queue.getActiveCount()).toBe(1);
    expect(stopped).toBe(false);
    inProgress[0]?.();
    await stopping;
    expect(await queue.getJobCounts('completed', 'waiting')).toEqual({ completed: 1, waiting: 1 });
    expect(times(2)).toBe(0);
  });

  test('waits no longer than the deadline', async () => {
    const inProgress = startSlow(1);
    await add(1);
    await eventually(() => {
      expect(inProgress).toHaveLength(1);
    });
    await worker.stop(1);
    expect(await queue.getActiveCount()).toBe(1);
    inProgress[0]?.();
  });
});
