import type { JobsOptions } from 'bullmq';
import type { TidingsEvent } from './event.js';

/** The BullMQ queue over which a service hands events to the worker. */
export const EVENTS_QUEUE = 'events';

/** Before every Redis key and channel. The braces keep a queue's keys on one node of a Redis Cluster. */
export const DEFAULT_PREFIX = '{tidings}';

/** A job of the queue `events`: one valid event. */
export type EventJob = TidingsEvent;

/**
 * How an event waits in Redis. The job id comes from the event's id, so that the same id twice is one job; BullMQ
 * refuses ids of digits only, hence the prefix. A job that can't be accepted stays as a dead letter.
 */
export function eventJobOptions(event: TidingsEvent): JobsOptions {
  return {
    jobId: `event-${event.id}`,
    attempts: 20,
    backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
    removeOnComplete: true,
    removeOnFail: false,
  };
}
