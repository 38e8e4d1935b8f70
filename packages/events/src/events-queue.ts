import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import { EVENT_ID, type TidingsEvent } from './event.js';

/** The BullMQ queue over which a service hands events to the worker. */
export const EVENTS_QUEUE = 'events';

/** Before every Redis key and channel. The braces keep a queue's keys on one node of a Redis Cluster. */
export const DEFAULT_PREFIX = '{tidings}';

/** A job of the queue `events`: one valid event. */
export type EventJob = TidingsEvent;

/** What a worker reads of a job. Who may see the event is derived from its data anew, not believed. */
export const eventJob = z.object({
  id: z.string().regex(EVENT_ID).describe('The id of the event: the same id twice is one event'),
  type: z.string(),
  timestamp: z.string().describe('When it happened: ISO 8601, UTC'),
  data: z.string().describe('The data of the event as JSON text, which webhooks and streams get byte for byte'),
});

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
