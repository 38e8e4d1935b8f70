import { Queue } from 'bullmq';
import { EVENTS_QUEUE, type RedisClient } from '@tidings/events';
import { DELIVERIES_QUEUE } from './deliveries-queue.js';
import { connecting } from './redis.js';
import { TESTS_QUEUE } from './tests-queue.js';

/** What a job may be, in BullMQ's words. `prioritized`: waiting, behind first attempts. `failed`: a dead letter. */
const JOB_STATES = ['waiting', 'prioritized', 'delayed', 'active', 'failed'] as const;

export interface QueueCounts {
  queue: string;
  counts: Record<(typeof JOB_STATES)[number], number>;
}

export interface JobCounts {
  /** How many jobs each queue has, by their state. Rejects when Redis is away. Costs the lengths of a few lists. */
  read: () => Promise<QueueCounts[]>;
  close: () => Promise<void>;
}

const QUEUES = [EVENTS_QUEUE, DELIVERIES_QUEUE, TESTS_QUEUE];

/**
 * The queues, seen from those who watch them.
 *
 * @param redis a connection for the purpose `command`
 */
export function createJobCounts({ redis, prefix }: { redis: RedisClient; prefix: string }): JobCounts {
  const queues = QUEUES.map((name) => {
    const queue = new Queue(name, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
    // The connection's owner logs its errors.
    queue.on('error', () => undefined);
    return queue;
  });
  return {
    async read() {
      await connecting(redis);
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
