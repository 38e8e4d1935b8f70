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
/** What the worker was given, in order. */
let seen: { n: number; jobId: string; traceparent?: string | undefined }[];
beforeEach(() => {
  redis = createTestRedis();
  jobs = connectRedis(redis.url, 'worker', () => undefined);
  queue = new Queue('trial', { connection: redis.client, prefix: redis.prefix });
  seen = [];
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
      seen.push({ n, jobId, traceparent });
      return process(n);
    },
    onError: () => undefined,
  });
  worker.start();
};
const add = (n: number, options: JobsOptions = {}) => queue.add('job', { n }, { jobId: `job-${String(n)}`, ...options });
const times = (n: number) => seen.filter((one) => one.n === n).length;

describe('a job', () => {
  test('that is finished is over', async () => {
    start(() => ({ action: 'finish' }));
    await add(1, { removeOnComplete: true });
    await eventually(async () => {
      expect(await queue.getJob('job-1')).toBeUndefined();
    });
    expect(seen).toEqual([{ n: 1, jobId: 'job-1' }]);
  });

  test('brings the trace context that it was enqueued with, on each attempt; what is malformed counts as none', async () => {
    start((n) => (n === 1 && times(1) === 1 ? { action: 'retry', reason: '500' } : { action: 'finish' }));
    await add(1, { attempts: 2, telemetry: { metadata: '{"traceparent":"00-trace-span-01"}' } });
    for (const [index, metadata] of ['{"traceparent":1}', 'null', 'evil'].entries())
      await add(2 + index, { telemetry: { metadata } });
    await eventually(() => {
      expect(seen).toHaveLength(5);
    });
    expect(seen.map(({ n, traceparent }) => [n, traceparent]).sort()).toEqual([
      [1, '00-trace-span-01'],
      [1, '00-trace-span-01'],
      [2, undefined],
      [3, undefined],
      [4, undefined],
    ]);
  });

  test('that is to be retried comes again while it has attempts, and leaves no stack in Redis', async () => {
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

  test('that is to be retried waits as long as was decided, on whichever attempt, and then behind the others', async () => {
    start(() => ({ action: 'retry', reason: '500', delayMs: times(1) < 3 ? 1 : 3_600_000, priority: 1 }));
    await add(1, { attempts: 20, backoff: { type: 'exponential', delay: 10 } });
    await eventually(async () => {
      expect(times(1)).toBe(3);
      expect(await queue.getDelayedCount()).toBe(1);
    });
    expect(await queue.getJob('job-1')).toMatchObject({ delay: 3_600_000, priority: 1, attemptsMade: 3 });
  });

  test('that is postponed comes again later, and has lost no attempt', async () => {
    start(() => (times(1) <= 3 ? { action: 'postpone', delayMs: 1 } : { action: 'finish' }));
    await add(1, { attempts: 1 });
    await eventually(async () => {
      expect(await queue.getCompletedCount()).toBe(1);
    });
    expect(times(1)).toBe(4);
    expect((await queue.getJob('job-1'))?.attemptsMade).toBe(1);
  });

  test('that is postponed for long holds up no other', async () => {
    start((n) => (n === 1 ? { action: 'postpone', delayMs: 3_600_000 } : { action: 'finish' }));
    await add(1);
    await add(2);
    await eventually(async () => {
      expect(await queue.getJobCounts('completed', 'delayed')).toEqual({ completed: 1, delayed: 1 });
    });
  });

  test('that is buried stays in the failed set, whatever attempts it had left', async () => {
    start(() => ({ action: 'dead_letter', reason: 'The job is not an event.' }));
    await add(1, { attempts: 20 });
    await eventually(async () => {
      expect((await queue.getFailed()).map(({ failedReason }) => failedReason)).toEqual(['The job is not an event.']);
    });
    expect(times(1)).toBe(1);
  });

  test('whose processing breaks is retried', async () => {
    start(() => (times(1) === 1 ? Promise.reject(new Error('a bug')) : { action: 'finish' }));
    await add(1, { attempts: 2 });
    await eventually(async () => {
      expect(await queue.getCompletedCount()).toBe(1);
    });
    expect(times(1)).toBe(2);
  });
});

describe('stopping a worker', () => {
  /** Jobs that are under way until the test lets them finish. */
  const startSlow = (concurrency: number) => {
    const underWay: (() => void)[] = [];
    const slowly = () =>
      new Promise<JobOutcome>((resolve) => {
        underWay.push(() => {
          resolve({ action: 'finish' });
        });
      });
    start(slowly, concurrency);
    return underWay;
  };

  test('waits for the jobs under way, and takes no more', async () => {
    const underWay = startSlow(1);
    await add(1);
    await add(2);
    await eventually(() => {
      expect(underWay).toHaveLength(1);
    });
    let stopped = false;
    const stopping = worker.stop(20_000).then(() => {
      stopped = true;
    });
    expect(await queue.getActiveCount()).toBe(1);
    expect(stopped).toBe(false);
    underWay[0]?.();
    await stopping;
    expect(await queue.getJobCounts('completed', 'waiting')).toEqual({ completed: 1, waiting: 1 });
    expect(times(2)).toBe(0);
  });

  test('waits no longer than the deadline', async () => {
    const underWay = startSlow(1);
    await add(1);
    await eventually(() => {
      expect(underWay).toHaveLength(1);
    });
    await worker.stop(1);
    expect(await queue.getActiveCount()).toBe(1);
    underWay[0]?.();
  });
});
