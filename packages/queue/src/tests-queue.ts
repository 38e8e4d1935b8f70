import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { connecting } from './redis.js';
import { createTestLock, type TestId, type TestLock } from './test-lock.js';

/** The BullMQ queue of webhooks that are to be tested now. */
export const TESTS_QUEUE = 'tests';

/** A job of the queue `tests`: whose webhook, and which. What is sent, and where to, is read from PostgreSQL. */
export interface TestJob extends TestId {
  owner: string;
}

export interface TestsQueue {
  /**
   * Enqueues a test, unless one of the same webhook is under way. Answers with the event id of the one that is. Throws when
   * Redis is away; what it took all the same, nobody makes: its turn has ended by itself after `waitMs`.
   */
  begin: (job: TestJob, waitMs: number) => Promise<string>;
  withdraw: TestLock['withdraw'];
  close: () => Promise<void>;
}

/** The queue, seen from those who ask for tests. */
export function createTestsQueue({ redis, prefix }: { redis: RedisClient; prefix: string }): TestsQueue {
  const turns = createTestLock({ redis, prefix });
  const queue = new Queue<TestJob>(TESTS_QUEUE, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
  queue.on('error', () => undefined);
  return {
    async begin(job, waitMs) {
      await connecting(redis);
      const eventId = await turns.begin(job, waitMs);
      if (eventId === job.eventId) await queue.add('test', job, { jobId: eventId, removeOnComplete: true, removeOnFail: true });
      return eventId;
    },
    async withdraw(test) {
      const left = await turns.withdraw(test);
      // What stays in the queue would do nothing; it need not pile up while there are no workers.
      if (left === 'withdrawn') await queue.remove(test.eventId);
      return left;
    },
    close: () => queue.close(),
  };
}
