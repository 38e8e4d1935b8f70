import type { Expanded } from '@tidings/database';
import type { JobOutcome } from '@tidings/queue';

interface ExpandChunkParts {
  /** Writes the deliveries of one event for some webhooks, and commits; null when there is nothing to expand, or others do. */
  expandNext: () => Promise<Expanded | null>;
  /** Admits parked deliveries: those of a chunk are parked. The chunk does not wait for it. */
  refill: () => Promise<void>;
  /** Called for every chunk, for the metrics. */
  observe: (chunk: Expanded) => void;
  log: { info: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

/** Expands a part of the event that comes first; null when there is nothing to expand, or others do. */
export type ExpandChunk = () => Promise<Expanded | null>;

/** Creates the function that expands a part of an event in one commit. Any number of workers may run it at once. */
export function createExpandChunk({ expandNext, refill, observe, log }: ExpandChunkParts): ExpandChunk {
  return async () => {
    const chunk = await expandNext();
    if (chunk === null) return null;
    observe(chunk);
    const { position, eventType, written, done } = chunk;
    if (done) log.info('All deliveries of an event are written.', { position, event_type: eventType });
    if (written.deliveries > written.skipped) {
      refill().catch((error: unknown) => {
        log.warn('Parked deliveries wait for the next round of the reconciler.', { position, error });
      });
    }
    return chunk;
  };
}

interface ExpandJobParts {
  expandChunk: ExpandChunk;
  /** How long a job expands events before others of the queue come, in milliseconds. */
  sliceMs: number;
  /** A monotonic clock, in milliseconds. */
  now: () => number;
  log: { error: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

/** The delay when the database does not answer, in milliseconds: random, so that not all jobs return at the same time. */
const UNAVAILABLE_RETRY_MS = { min: 1000, max: 5000 };

/**
 * Creates the function that processes the jobs of the queue `expansions`. A job calls a worker, and nothing more: what is to be
 * expanded, and how far it is, is in PostgreSQL. So a job that anyone who reaches Redis has written expands only what is to be
 * expanded anyway, and a job that is lost or processed twice changes nothing.
 */
export function createExpandJob({ expandChunk, sliceMs, now, log }: ExpandJobParts) {
  return async (job: unknown, jobId: string): Promise<JobOutcome> => {
    const position = typeof job === 'object' && job !== null && 'position' in job ? job.position : undefined;
    if (!Number.isSafeInteger(position)) {
      log.error('A job of the queue "expansions" names no position. It is dropped.', { job_id: jobId });
      return { action: 'finish' };
    }
    const endsAt = now() + sliceMs;
    try {
      while (now() < endsAt) if ((await expandChunk()) === null) return { action: 'finish' };
      return { action: 'postpone', delayMs: 0 };
    } catch (error) {
      log.warn('Events could not be expanded; BullMQ retries it.', { position, error });
      const { min, max } = UNAVAILABLE_RETRY_MS;
      return { action: 'retry', reason: 'The database did not answer.', delayMs: min + Math.random() * (max - min) };
    }
  };
}

interface ExpandLostParts {
  expandChunk: ExpandChunk;
  /** Enqueues a job of the queue `expansions`. */
  enqueue: (position: number) => Promise<void>;
}

/**
 * Creates one round of the periodic task that continues expansions without a job: it was lost with Redis, or never enqueued. The
 * round expands one chunk and calls the workers for the rest. While a worker expands the event, the round finds nothing.
 */
export function createExpandLost({ expandChunk, enqueue }: ExpandLostParts) {
  return async (): Promise<void> => {
    const chunk = await expandChunk();
    if (chunk !== null) await enqueue(chunk.position);
  };
}
