import { Queue } from 'bullmq';
import { EVENTS_QUEUE, type RedisClient } from '@tidings/events';
import { DELIVERIES_QUEUE } from './deliveries-queue.js';
import { EXPANSIONS_QUEUE } from './expansions-queue.js';
import { TESTS_QUEUE } from './tests-queue.js';

/**
 * Opens the queues `events`, `deliveries`, `expansions` and `tests` as BullMQ queues, for code that shows their jobs. Closing a
 * queue leaves the connection open.
 */
export function openQueues({ redis, prefix }: { redis: RedisClient; prefix: string }): Queue[] {
  return [EVENTS_QUEUE, DELIVERIES_QUEUE, EXPANSIONS_QUEUE, TESTS_QUEUE].map((name) => {
    const queue = new Queue(name, { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true });
    // The code that opened the connection logs its errors. Without a listener they would end the process.
    queue.on('error', () => undefined);
    return queue;
  });
}
