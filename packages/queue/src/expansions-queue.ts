import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { waitUntilConnected } from './redis.js';

/** The name of the BullMQ queue that calls workers to expand events: to write the deliveries of an event for many webhooks. */
export const EXPANSIONS_QUEUE = 'expansions';

/** A job of the queue `expansions`. PostgreSQL says what is to be expanded; the job only calls a worker. */
export interface ExpansionJob {
  /** The position of an event of the commit that left events to be expanded. */
  position: number;
}

/** The queue `expansions`, for processes that accept events. */
export interface ExpansionsQueue {
  /** Calls a worker. A call for the same position that Redis still has is not repeated. Throws when Redis is away. */
  enqueue: (position: number) => Promise<void>;
  /** Closes the queue; the connection stays open. */
  close: () => Promise<void>;
}

/** The base delay when a worker breaks before it has decided when to continue, in milliseconds. */
const BACKOFF_MS = 1000;
/** An unfinished expansion is never given up. */
const JOB_ATTEMPTS = 1000;

/** Creates the queue `expansions` for a process that accepts events. If a job is lost, a periodic task of the workers replaces it. */
export function createExpansionsQueue({ redis, prefix }: { redis: RedisClient; prefix: string }): ExpansionsQueue {
  const options = { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true };
  const queue = new Queue<ExpansionJob>(EXPANSIONS_QUEUE, options);
  // The code that opened the connection logs its errors. Without a listener they would end the process.
  queue.on('error', () => undefined);
  return {
    async enqueue(position) {
      await waitUntilConnected(redis);
      await queue.add(
        'expand',
        { position },
        {
          jobId: `position-${String(position)}`,
          attempts: JOB_ATTEMPTS,
          backoff: { type: 'exponential', delay: BACKOFF_MS, jitter: 0.5 },
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    },
    close: () => queue.close(),
  };
}
