import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { connecting } from './redis.js';

/** The BullMQ queue of deliveries that are to be attempted. */
export const DELIVERIES_QUEUE = 'deliveries';

/** A job of the queue `deliveries`: which one. What is sent, and where to, is read from PostgreSQL when its turn comes. */
export interface DeliveryJob {
  id: string;
}

export interface QueuedDelivery {
  id: string;
  /** 0, the default, comes before 1, before 2: a flood of retries or replays holds up no first attempt. */
  priority?: number;
  /**
   * Redis may still have a job under the delivery's id that ends without it, or comes much later: this one gets an id of
   * its own. Default false.
   */
  anew?: boolean;
  /** How long Redis keeps it before it gives it out, in milliseconds. Default: not at all. */
  delayMs?: number;
}

export interface DeliveriesQueue {
  /** Enqueues deliveries. One that Redis still has a job for is left as it is. Throws when Redis is away. */
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /**
   * Enqueues deliveries whose time has passed without anybody having taken them. A job that Redis means to give out only
   * later, by the clock of a worker that was wrong, does not hold one up.
   */
  enqueueOverdue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  close: () => Promise<void>;
}

/**
 * What the reconciler gives a job, counted from when it fell due, before it enqueues its delivery again, in milliseconds.
 * Whoever writes a delivery's wake time and leaves the rest to a job goes by it.
 */
export const WAKE_AFTER_MS = 15_000;

/** How many jobs go to Redis at once: 28,000 jobs/s were measured with 500. */
const BULK = 500;

/** BullMQ's own count must never run out before the retry policy's: the worker decides when a delivery has failed. */
const JOB_ATTEMPTS = 1000;

/** Of a worker that breaks before it could say when the next attempt is due, in milliseconds. */
const BACKOFF_MS = 1000;

/**
 * The queue, seen from those who add to it. BullMQ's own retries apply, with its exponential backoff: the worker says how
 * long the first wait is. How often a delivery is attempted is decided from what PostgreSQL holds; BullMQ only ever needs
 * to have attempts left. Nothing is kept of a finished job, since BullMQ silently ignores an id that it has.
 */
export function createDeliveriesQueue({ redis, prefix }: { redis: RedisClient; prefix: string }): DeliveriesQueue {
  // BullMQ would wait for Redis, however long it is away, before its first command: accept.idle() would wait with it.
  const options = { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true };
  const queue = new Queue<DeliveryJob>(DELIVERIES_QUEUE, options);
  // The connection's owner logs its errors; without a listener they would end the process.
  queue.on('error', () => undefined);

  const enqueue = async (deliveries: readonly QueuedDelivery[]): Promise<void> => {
    await connecting(redis);
    for (let from = 0; from < deliveries.length; from += BULK) {
      await queue.addBulk(deliveries.slice(from, from + BULK).map(toJob));
    }
  };

  return {
    enqueue,
    async enqueueOverdue(deliveries) {
      if (deliveries.length === 0) return;
      await connecting(redis);
      const delayed = await redis.zmscore(queue.toKey('delayed'), ...deliveries.map(({ id }) => id));
      await enqueue(deliveries.map((delivery, index) => (delayed[index] == null ? delivery : { ...delivery, anew: true })));
    },
    close: () => queue.close(),
  };
}

function toJob({ id, priority = 0, anew = false, delayMs = 0 }: QueuedDelivery) {
  return {
    name: 'deliver',
    data: { id },
    opts: {
      jobId: anew ? `${id}.${randomBytes(6).toString('hex')}` : id,
      attempts: JOB_ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MS, jitter: 0.5 },
      removeOnComplete: true,
      removeOnFail: true,
      ...(priority === 0 ? {} : { priority }),
      ...(delayMs === 0 ? {} : { delay: delayMs }),
    },
  };
}
