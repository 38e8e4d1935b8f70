import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { connecting } from './redis.js';
import type { RetryPolicy } from './retry-policy.js';

/** The BullMQ queue of deliveries that are to be attempted. */
export const DELIVERIES_QUEUE = 'deliveries';

/** A job of the queue `deliveries`: which one. What is sent, and where to, is read from PostgreSQL when its turn comes. */
export interface DeliveryJob {
  id: string;
}

export interface QueuedDelivery {
  id: string;
  /** Attempts that were made before. Default 0. */
  attemptCount?: number;
}

export interface DeliveriesQueue {
  /** Enqueues deliveries. One that Redis still has a job for is left as it is. Throws when Redis is away. */
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  close: () => Promise<void>;
}

/** How many jobs go to Redis at once: 28,000 jobs/s were measured with 500. */
const BULK = 500;

/**
 * The queue, seen from those who add to it. BullMQ's own retries apply: as many attempts as the policy leaves, with
 * exponential backoff and jitter. Nothing is kept of a finished job, since BullMQ silently ignores an id that it has.
 */
export function createDeliveriesQueue({
  redis,
  prefix,
  retry,
}: {
  redis: Redis;
  prefix: string;
  retry: RetryPolicy;
}): DeliveriesQueue {
  // BullMQ would wait for Redis, however long it is away, before its first command: accept.idle() would wait with it.
  const options = { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true };
  const queue = new Queue<DeliveryJob>(DELIVERIES_QUEUE, options);
  // The connection's owner logs its errors; without a listener they would end the process.
  queue.on('error', () => undefined);

  const toJob = ({ id, attemptCount = 0 }: QueuedDelivery) => ({
    name: 'deliver',
    data: { id },
    opts: {
      jobId: id,
      attempts: Math.max(1, retry.maxAttempts - attemptCount),
      backoff: {
        type: 'exponential',
        delay: Math.min(retry.initialDelayMs * 2 ** attemptCount, retry.maxDelayMs),
        jitter: retry.jitter,
      },
      removeOnComplete: true,
      removeOnFail: true,
    },
  });

  return {
    async enqueue(deliveries) {
      await connecting(redis);
      for (let from = 0; from < deliveries.length; from += BULK) {
        await queue.addBulk(deliveries.slice(from, from + BULK).map(toJob));
      }
    },
    close: () => queue.close(),
  };
}
