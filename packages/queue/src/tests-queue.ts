import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { waitUntilConnected } from './redis.js';
import { createTestLock, type TestId, type TestLock } from './test-lock.js';

/** The name of the BullMQ queue of webhook tests that wait for a worker. */
export const TESTS_QUEUE = 'tests';

/** A job of the queue `tests`. The worker reads the webhook's URL and secrets, and the example that it sends, from PostgreSQL. */
export interface TestJob extends TestId {
  owner: string;
}

/** The queue `tests`, for processes that request tests. */
export interface TestsQueue {
  /**
   * Enqueues a test, unless another test of the same webhook with the same version of a type is in progress. Returns the event id of the test in progress.
   * Throws when Redis is away. Redis may have the job nevertheless: no worker runs it after `waitMs`, when the lock has
   * expired.
   */
  enqueue: (job: TestJob, waitMs: number) => Promise<string>;
  /** Withdraws a test that no worker has claimed, as {@link TestLock.withdraw} says, and removes its job. */
  withdraw: TestLock['withdraw'];
  /** Closes the queue; the connection stays open. */
  close: () => Promise<void>;
}

/** Creates the queue `tests` for a process that requests tests. */
export function createTestsQueue({ redis, prefix }: { redis: RedisClient; prefix: string }): TestsQueue {
  const testLock = createTestLock({ redis, prefix });
  const queue = new Queue<TestJob>(TESTS_QUEUE, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
  queue.on('error', () => undefined);
  return {
    async enqueue(job, waitMs) {
      await waitUntilConnected(redis);
      const eventId = await testLock.acquire(job, waitMs);
      if (eventId === job.eventId) await queue.add('test', job, { jobId: eventId, removeOnComplete: true, removeOnFail: true });
      return eventId;
    },
    async withdraw(test) {
      const result = await testLock.withdraw(test);
      // A worker would ignore the job. It is removed so that jobs do not pile up while there are no workers.
      if (result === 'withdrawn') await queue.remove(test.eventId);
      return result;
    },
    close: () => queue.close(),
  };
}
