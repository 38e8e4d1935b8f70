import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { RedisClient } from '@tidings/events';

/** What BullMQ does with a job after it was processed. */
export type JobOutcome =
  /** Done: the job is removed. */
  | { action: 'finish' }
  /**
   * BullMQ retries it with its own backoff, while the job has attempts left.
   *
   * `delayMs`: how long this wait is, in milliseconds; by default as the job's options say. `priority`: of the job from
   * now on, behind those with a lower one.
   */
  | { action: 'retry'; reason: string; delayMs?: number; priority?: number }
  /** It comes again after the delay, in milliseconds. Uses up no attempt. */
  | { action: 'postpone'; delayMs: number }
  /** It stays in the queue's failed set for a person to look at. */
  | { action: 'dead_letter'; reason: string };

export interface QueueWorkerOptions<Data> {
  queue: string;
  /** A connection for the purpose `worker`. */
  redis: RedisClient;
  prefix: string;
  /** How many jobs are processed at once. */
  concurrency: number;
  /** A worker that is silent for longer has lost its jobs to the others, in milliseconds. */
  lockMs: number;
  /** `traceparent`: the W3C trace context that whoever enqueued the job gave it, as `bullmq-otel` does. */
  process: (data: Data, jobId: string, traceparent?: string) => Promise<JobOutcome>;
  /** Told of errors of the worker itself, such as a lost connection. */
  onError: (error: Error) => void;
}

export interface QueueWorker {
  /** Begins to take jobs. */
  start: () => void;
  /** Takes no more jobs, and resolves when those under way are processed, or after the deadline, in milliseconds. */
  stop: (deadlineMs: number) => Promise<void>;
}

/** Why a job comes again. It has no stack: BullMQ would write it to Redis with every retry. */
class Retry extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Retry';
    this.stack = `Retry: ${reason}`;
  }
}

/**
 * A BullMQ worker whose processor answers with a outcome. A job may stall any number of times, since whoever kills
 * workers must not be able to fail jobs by it: BullMQ's default fails them after the second time (measured).
 */
export function createQueueWorker<Data>(options: QueueWorkerOptions<Data>): QueueWorker {
  const { queue, redis, prefix, concurrency, lockMs, process, onError } = options;
  const worker = new Worker<Data>(
    queue,
    async (job, token) => {
      await carryOut(await process(job.data, job.id ?? '', traceparentOf(job)), job, token);
    },
    {
      connection: redis,
      prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      autorun: false,
    },
  );
  worker.on('error', onError);

  return {
    start() {
      worker.run().catch(onError);
    },
    async stop(deadlineMs) {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => (timer = setTimeout(resolve, deadlineMs)));
      await Promise.race([worker.close(), deadline]);
      clearTimeout(timer);
    },
  };
}

/** Whoever reaches Redis could have written it: what is not as BullMQ's telemetry writes it counts as none. */
function traceparentOf({ opts }: Job): string | undefined {
  const metadata = opts.telemetry?.metadata;
  if (metadata === undefined) return undefined;
  try {
    const { traceparent } = JSON.parse(metadata) as { traceparent?: unknown };
    return typeof traceparent === 'string' ? traceparent : undefined;
  } catch {
    return undefined;
  }
}

async function carryOut(outcome: JobOutcome, job: Job, token: string | undefined): Promise<void> {
  switch (outcome.action) {
    case 'finish':
      return;
    case 'retry':
      // BullMQ doubles the delay with each attempt of the job: this is the one that grows to what was decided.
      if (outcome.delayMs !== undefined) {
        job.opts.backoff = { type: 'exponential', delay: outcome.delayMs / 2 ** job.attemptsMade };
      }
      if (outcome.priority !== undefined && outcome.priority !== job.priority) {
        await job.changePriority({ priority: outcome.priority });
      }
      throw new Retry(outcome.reason);
    case 'postpone':
      await job.moveToDelayed(Date.now() + outcome.delayMs, token);
      throw new DelayedError();
    case 'dead_letter':
      throw new UnrecoverableError(outcome.reason);
  }
}
