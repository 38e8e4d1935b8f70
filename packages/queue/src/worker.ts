import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { RedisClient } from '@tidings/events';
import { isRedisProblem, RedisError } from './redis-problem.js';
import { follow } from './watch-redis.js';

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
  /**
   * A connection whose reconnecting the worker's connections follow: after a failover, they may block at a server that is no
   * longer the master, and hear of no job. Default: none.
   */
  leader?: RedisClient;
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

/**
 * A worker that waits after every error of Redis. BullMQ's own waits only after errors of the connection: while a connected Redis
 * refuses commands (a right is missing, the memory is full, it is a replica), it would ask again at once, thousands of times a second.
 */
class PatientWorker<Data> extends Worker<Data> {
  protected override async moveToActive(token: string, name?: string): Promise<Job<Data>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await this.delay();
      throw error;
    }
  }

  /** BullMQ's own waits for five seconds more although the worker closes meanwhile, and keeps the process up for so long. */
  protected override async checkConnectionError<Result>(
    work: () => Promise<Result>,
    delayMs = RETRY_AFTER_ERROR_MS,
  ): Promise<Result | undefined> {
    let failures = 0;
    const result = await super.checkConnectionError(
      () =>
        work().catch((error: unknown) => {
          failures += 1;
          throw error;
        }),
      0,
    );
    if (failures > 0) await this.delay(delayMs);
    return result;
  }

  /** Waits until the time is over, or the worker closes. Without a time it is the wait after an error. */
  override async delay(milliseconds = RETRY_AFTER_ERROR_MS): Promise<void> {
    if (this.closing) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.off('closing', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.on('closing', end);
    });
  }
}

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
  const { queue, redis, prefix, concurrency, lockMs, process, onError, leader } = options;
  const worker = new PatientWorker<Data>(
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
      // BullMQ would ask for the version once, fail for good if that fails, and write warnings to standard error.
      skipVersionCheck: true,
    },
  );
  worker.on('error', (error) => {
    onError(inWords(error));
  });
  // Each queue listens for this while it waits.
  worker.setMaxListeners(0);
  void assumeSupportedVersion(worker);
  if (leader) void followLeader(worker, leader);

  return {
    start() {
      worker.run().catch((error: unknown) => {
        onError(inWords(error as Error));
      });
    },
    async stop(deadlineMs) {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise((resolve) => (timer = setTimeout(resolve, deadlineMs)));
      await Promise.race([worker.close(), deadline]);
      clearTimeout(timer);
    },
  };
}

/** Says what an error of Redis or of the connection means. Other errors stay. */
function inWords(error: Error): Error {
  return 'syscall' in error || isRedisProblem(error) ? new RedisError(error) : error;
}

/** Without its version check, BullMQ assumes a Redis 5, which blocks for whole seconds only: delayed jobs would be late. */
async function assumeSupportedVersion(worker: Worker): Promise<void> {
  const { backend } = worker;
  await backend.waitUntilReady().catch(() => undefined);
  for (const connection of [backend.connection, backend.blockingConnection]) {
    if (connection) connection.capabilities = { canDoubleTimeout: true, canBlockFor1Ms: false };
  }
}

async function followLeader({ backend }: Worker, leader: RedisClient): Promise<void> {
  for (const connection of [backend.connection, backend.blockingConnection]) {
    const client = await connection?.client.catch(() => undefined);
    if (client) follow(client as unknown as RedisClient, leader);
  }
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
