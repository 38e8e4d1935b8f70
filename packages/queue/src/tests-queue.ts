import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { connecting } from './redis.js';

/** The BullMQ queue of webhooks that are to be tested now. */
export const TESTS_QUEUE = 'tests';

/** A job of the queue `tests`: whose webhook, and which. What is sent, and where to, is read from PostgreSQL. */
export interface TestJob {
  webhookId: string;
  userId: string;
}

/** What came of a test. */
export interface TestResult {
  webhookId: string;
  eventId: string;
  durationMs: number;
  /** Null when no response came. */
  statusCode: number | null;
  /** Null after a 2xx. */
  errorClass: string | null;
  error: string | null;
  /** The first 4 KB, as text. */
  responseBody: string | null;
}

/** Where workers tell what came of tests. It is told once and kept nowhere. */
export const testResultsChannel = (prefix: string): string => `${prefix}:test-results`;

export interface TestsQueue {
  /** Enqueues a test. One of the same webhook that is on its way already stands for both. Throws when Redis is away. */
  enqueue: (job: TestJob) => Promise<void>;
  /** Takes it back, unless a worker has it already. */
  withdraw: (webhookId: string) => Promise<void>;
  close: () => Promise<void>;
}

/** The queue, seen from those who ask for tests. */
export function createTestsQueue({ redis, prefix }: { redis: Redis; prefix: string }): TestsQueue {
  const queue = new Queue<TestJob>(TESTS_QUEUE, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
  queue.on('error', () => undefined);
  return {
    async enqueue(job) {
      await connecting(redis);
      await queue.add('test', job, { jobId: job.webhookId, removeOnComplete: true, removeOnFail: true });
    },
    async withdraw(webhookId) {
      await queue.remove(webhookId);
    },
    close: () => queue.close(),
  };
}
