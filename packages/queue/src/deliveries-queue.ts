import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { createLine, type Line } from './line.js';
import { waitUntilConnected } from './redis.js';

/** The name of the BullMQ queue of deliveries that wait for an attempt. */
export const DELIVERIES_QUEUE = 'deliveries';

/** A job of the queue `deliveries`. The worker reads the event and the webhook from PostgreSQL when it claims the delivery. */
export interface DeliveryJob {
  /** The id of the delivery. */
  id: string;
}

/** A delivery to enqueue. */
export interface QueuedDelivery {
  id: string;
  /**
   * Which jobs come before it, so that it never waits for another webhook's backlog. `first`: only others like it; the first
   * delivery of a webhook that had none waiting. `fresh`: also first ones; a further delivery of a webhook that has no line.
   * `other`: all; first attempts, retries and replays alike, in the order in which they were enqueued. Default `other`.
   */
  rank?: 'first' | 'fresh' | 'other';
  /**
   * Gives the job a new id instead of the delivery's id. Needed when Redis may still have a job under the delivery's id that
   * will end without an attempt, or is due much later. Default false.
   */
  newJobId?: boolean;
  /** How long the job waits in Redis before a worker may take it, in milliseconds. Default 0. */
  delayMs?: number;
}

/** The queue `deliveries`, for processes that enqueue. */
export interface DeliveriesQueue {
  /** Enqueues deliveries. A delivery that Redis still has a job for is not changed. Throws when Redis is away. */
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /**
   * Enqueues deliveries that are overdue: no worker has claimed them in time. When Redis has a delayed job for one of them
   * (a worker with a wrong clock may have set a late time), the delivery gets another job now. Throws when Redis is away.
   */
  enqueueOverdue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /** The jobs that wait for a worker, without those that are delayed. */
  line: Line;
  /** Closes the queue; the connection stays open. */
  close: () => Promise<void>;
}

/**
 * How long the reconciler waits for the job of a delivery, from the time when the delivery is due, in milliseconds. Then it
 * enqueues the delivery again. Each statement that leaves a delivery to a job sets the delivery's wake time by this value.
 */
export const WAKE_AFTER_MS = 15_000;

/**
 * How many deliveries may wait for a worker before a commit of events parks its new ones, besides the first ones of idle
 * webhooks. It is more than the admission of parked deliveries fills the line to: otherwise the backlogs of others would park
 * the deliveries of a webhook that keeps up, and it would have to wait for its turn among them.
 */
export const LINE_LIMIT = 1000;

/** BullMQ's priorities: jobs without one (0) come first, then those with lower numbers. */
const PRIORITIES = { first: 0, fresh: 1, other: 2 } as const;
/** The priority of retries. */
export const JOB_PRIORITY = PRIORITIES.other;

/** How many jobs go to Redis at once: 28,000 jobs/s with 500 (measured). */
const BATCH_SIZE = 500;

/** BullMQ's attempts must never run out before those of the retry policy: the worker decides when a delivery has failed. */
const JOB_ATTEMPTS = 1000;

/** The base delay when a worker breaks before it has decided when the next attempt is due, in milliseconds. */
const BACKOFF_MS = 1000;

/**
 * Creates the queue `deliveries` for a process that enqueues. BullMQ retries the jobs with its exponential backoff; the
 * worker sets the delay. The number of attempts of a delivery is decided from PostgreSQL; a BullMQ job only has to have
 * attempts left. Finished jobs are removed, since BullMQ silently ignores a new job with an id that it already has.
 */
export function createDeliveriesQueue({ redis, prefix }: { redis: RedisClient; prefix: string }): DeliveriesQueue {
  // Without `skipWaitingForReady` BullMQ waits for Redis without a limit before its first command, and so would accept.idle().
  const options = { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true };
  const queue = new Queue<DeliveryJob>(DELIVERIES_QUEUE, options);
  // The code that opened the connection logs its errors. Without a listener they would end the process.
  queue.on('error', () => undefined);

  const line = createLine({
    async count() {
      await waitUntilConnected(redis);
      return queue.getJobCountByTypes('waiting', 'prioritized');
    },
    now: () => performance.now(),
  });

  const enqueue = async (deliveries: readonly QueuedDelivery[]): Promise<void> => {
    line.add(deliveries.filter(({ delayMs = 0 }) => delayMs === 0).length);
    await waitUntilConnected(redis);
    for (let from = 0; from < deliveries.length; from += BATCH_SIZE) {
      await queue.addBulk(deliveries.slice(from, from + BATCH_SIZE).map(toJob));
    }
  };

  return {
    enqueue,
    async enqueueOverdue(deliveries) {
      if (deliveries.length === 0) return;
      await waitUntilConnected(redis);
      const delayed = await redis.zmscore(queue.toKey('delayed'), ...deliveries.map(({ id }) => id));
      await enqueue(deliveries.map((delivery, index) => (delayed[index] == null ? delivery : { ...delivery, newJobId: true })));
    },
    line,
    close: () => queue.close(),
  };
}

function toJob({ id, rank = 'other', newJobId = false, delayMs = 0 }: QueuedDelivery) {
  return {
    name: 'deliver',
    data: { id },
    opts: {
      jobId: newJobId ? `${id}.${randomBytes(6).toString('hex')}` : id,
      attempts: JOB_ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MS, jitter: 0.5 },
      removeOnComplete: true,
      removeOnFail: true,
      ...(rank === 'first' ? {} : { priority: PRIORITIES[rank] }),
      ...(delayMs === 0 ? {} : { delay: delayMs }),
    },
  };
}
