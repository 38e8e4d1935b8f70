import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { RedisClient } from '@tidings/events';

/** The action of BullMQ for a job that was processed. Not the outcome of a delivery's attempt, which the worker decides. */
export type JobOutcome =
  /** The job is done, and is removed. */
  | { action: 'finish' }
  /**
   * BullMQ retries the job, while the job has attempts left.
   *
   * `delayMs`: the wait before this retry, in milliseconds; default: the backoff of the job's options. `priority`: the job's
   * priority from now on; jobs with a lower number come first.
   */
  | { action: 'retry'; reason: string; delayMs?: number; priority?: number }
  /** The job is processed again after the delay, in milliseconds. Uses up no attempt of the job. */
  | { action: 'postpone'; delayMs: number }
  /** The job stays in the queue's failed set until an operator retries or removes it. */
  | { action: 'dead_letter'; reason: string };

/** The options of {@link createQueueWorker}. */
export interface QueueWorkerOptions<Data> {
  /** The name of the queue. */
  queue: string;
  /** A connection for the purpose `worker`. */
  redis: RedisClient;
  /** The prefix of every Redis key, such as `{tidings}`. */
  prefix: string;
  /** How many jobs are processed at once. */
  concurrency: number;
  /** How long a job stays locked without a sign of life of its worker, in milliseconds. Then other workers may take it. */
  lockMs: number;
  /** Processes a job. `traceparent`: the W3C trace context that the job was enqueued with, in the format of `bullmq-otel`. */
  process: (data: Data, jobId: string, traceparent?: string) => Promise<JobOutcome>;
  /** Called with errors of the worker itself, such as a lost connection. */
  onError: (error: Error) => void;
}

/** A worker of one queue. */
export interface QueueWorker {
  /** Starts to take jobs. */
  start: () => void;
  /** Takes no more jobs. Resolves when the jobs in progress are processed, or after `deadlineMs`. */
  stop: (deadlineMs: number) => Promise<void>;
}

/** How long the worker waits after an error of Redis, in milliseconds. BullMQ's default of 15 s would prolong each failover. */
const RETRY_AFTER_ERROR_MS = 2000;

/** The reason for a retry. It has no stack, because BullMQ would write the stack to Redis with every retry. */
class Retry extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Retry';
    this.stack = `Retry: ${reason}`;
  }
}

/**
 * Creates a BullMQ worker whose processor returns a {@link JobOutcome}. A job may stall any number of times: by BullMQ's
 * default a job fails when it stalls for the second time (measured), so killed workers would fail jobs.
 */
export function createQueueWorker<Data>(options: QueueWorkerOptions<Data>): QueueWorker {
  const { queue, redis, prefix, concurrency, lockMs, process, onError } = options;
  const worker = new Worker<Data>(
    queue,
    async (job, token) => {
      await applyOutcome(await process(job.data, job.id ?? '', traceparentOf(job)), job, token);
    },
    {
      connection: redis,
      prefix,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: RETRY_AFTER_ERROR_MS,
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

/** The trace context of a job. Anyone who reaches Redis can write jobs, so malformed metadata counts as no context. */
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

async function applyOutcome(outcome: JobOutcome, job: Job, token: string | undefined): Promise<void> {
  switch (outcome.action) {
    case 'finish':
      return;
    case 'retry':
      // BullMQ doubles the base delay with each attempt of the job. With this base the result is `delayMs`.
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
