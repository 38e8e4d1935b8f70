import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import { EVENT_ID, MAX_VERSION, type TidingsEvent } from './event.js';

/** The name of the BullMQ queue in which services put events for the worker. */
export const EVENTS_QUEUE = 'events';

/** The default prefix of every Redis key and channel. The braces keep the keys on one node of a Redis Cluster. */
export const DEFAULT_PREFIX = '{tidings}';

/** A job of the queue `events`: one valid event. */
export type EventJob = TidingsEvent;

/** The fields that a worker reads from a job. The owner of the event is not among them: the worker reads it from the data. */
export const eventJob = z.object({
  id: z.string().regex(EVENT_ID).describe('The id of the event. Events with the same id are one event'),
  type: z.string(),
  version: z.int().min(1).max(MAX_VERSION).optional().describe('The version of the type; default: its default version'),
  timestamp: z.string().describe('The time of the event: ISO 8601, UTC'),
  data: z.string().describe('The data of the event as JSON text, which is sent to webhooks and streams byte for byte'),
});

/**
 * Returns the options of an event's job. The job id is made from the event's id, so that the same event is enqueued once; the
 * prefix is needed because BullMQ refuses ids of digits only. A job that cannot be accepted stays as a dead letter.
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
