import { Queue } from 'bullmq';
import { EVENTS_QUEUE, type RedisClient } from '@tidings/events';
import { DELIVERIES_QUEUE } from './deliveries-queue.js';
import { EXPANSIONS_QUEUE } from './expansions-queue.js';
import { waitUntilConnected } from './redis.js';
import { TESTS_QUEUE } from './tests-queue.js';

/** The states of a job, as BullMQ names them. `prioritized`: waiting, behind the first deliveries of idle webhooks. `failed`: a dead letter. */
const JOB_STATES = ['waiting', 'prioritized', 'delayed', 'active', 'failed'] as const;

/** The number of jobs of one queue, by state. */
export interface QueueCounts {
  /** The name of the queue. */
  queue: string;
  /** The number of jobs in each state. */
  counts: Record<(typeof JOB_STATES)[number], number>;
}

/** Counts the jobs of all queues. */
export interface JobCounts {
  /** Counts the jobs of each queue by state. Rejects when Redis is away. Cheap: it reads the lengths of a few lists. */
  read: () => Promise<QueueCounts[]>;
  /** Closes the queues; the connection stays open. */
  close: () => Promise<void>;
}

const QUEUES = [EVENTS_QUEUE, DELIVERIES_QUEUE, EXPANSIONS_QUEUE, TESTS_QUEUE];

/**
 * Creates the counts of the queues `events`, `deliveries`, `expansions` and `tests`.
 *
 * @param redis a connection for the purpose `command`
 */
export function createJobCounts({ redis, prefix }: { redis: RedisClient; prefix: string }): JobCounts {
  const queues = QUEUES.map((name) => {
    const queue = new Queue(name, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
    // The code that opened the connection logs its errors. Without a listener they would end the process.
    queue.on('error', () => undefined);
    return queue;
  });
  return {
    async read() {
      await waitUntilConnected(redis);
      return Promise.all(
        queues.map(async (queue) => ({
          queue: queue.name,
          counts: (await queue.getJobCounts(...JOB_STATES)) as QueueCounts['counts'],
        })),
      );
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}
