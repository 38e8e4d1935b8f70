import type { Admitted, AdmittedDelivery, AdmitOptions } from '@tidings/database';
import type { QueuedDelivery } from '@tidings/queue';

interface AdmissionParts {
  /** Counts the deliveries in Redis that wait for a worker. */
  countWaiting: () => Promise<number>;
  /** Gives free slots to the parked deliveries of the webhooks whose turn is next. */
  admitNext: (turn: Omit<AdmitOptions, 'wakeAfterMs'>) => Promise<Admitted>;
  /** Gives the free slots of these webhooks to their parked deliveries. */
  admitOf: (webhookIds: readonly string[]) => Promise<AdmittedDelivery[]>;
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /** How many requests this worker has in flight at most. */
  concurrency: number;
  log: { warn: (message: string, details: object) => void };
  /** Waits. Default: a timer. */
  wait?: (ms: number) => Promise<unknown>;
}

/** Moves parked deliveries of all webhooks to the queue, webhook by webhook, so that the line in Redis stays short. */
export interface Admission {
  /**
   * Fills the line when it has become short. Calls during a run share the next run. Rejects when PostgreSQL or Redis is away;
   * the reconciler calls it again in its next round.
   */
  refill: () => Promise<void>;
  /**
   * Notes that a job of this worker ended, and fills the line if that may be needed. The job does not wait for it.
   *
   * `backlogged`: the webhook of the job, if it has a free slot and parked deliveries.
   */
  jobEnded: (backlogged?: string) => void;
  /** Starts no further run. Resolves when the current run has ended. */
  stop: () => Promise<void>;
}

/** The line is filled when fewer deliveries than this multiple of `concurrency` wait in it … */
const SHORT = 2;
/** … until this multiple waits: each delivery behind them would wait for all of them, also the first of a webhook's turn. */
const FULL = 4;
/** A run asks as many times for the next webhooks: lines that may not move, because their webhooks are paused, cost no more. */
const TURNS = 10;
/** A run gives their slots to as many of the webhooks whose jobs ended. */
const OWN = 100;
/** As long as the line is not short, it is looked at once for as many ended jobs as this part of `concurrency`. */
const LOOK_AFTER = 1 / 4;
/** After a run that found no free slot, the next one waits this many times its duration … */
const PAUSE_FACTOR = 4;
/** … but no longer than this, in milliseconds. */
const LONGEST_PAUSE_MS = 500;

/**
 * Creates the admission of parked deliveries. However long the backlogs of the webhooks are, about four times as many
 * deliveries as requests in flight wait in Redis. Backlogged webhooks take turns of one delivery; the turns go on behind the
 * webhook that had the last one. While the line is short, the webhooks whose jobs ended get their own slots again as well: so a
 * webhook that keeps up depends on nobody's turn, however many lines there are that may not move.
 *
 * Several workers share one line: each sees how long it is, and none adds more than its `concurrency` at once.
 */
export function createAdmission(parts: AdmissionParts): Admission {
  const { countWaiting, admitNext, admitOf, enqueue, concurrency, log, wait = pause } = parts;
  let after = '';
  let pauseMs = 0;
  let isStopped = false;
  /** The webhooks whose jobs ended and that have parked deliveries. */
  let backlogged = new Set<string>();
  /** Whether deliveries may be parked that have a free slot: the last run ended because the line was full. */
  let hasMore = true;
  /** The length of the line at the last look, and the jobs of this worker that ended since. */
  let waiting = 0;
  let ended = 0;
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    ended = 0;
    waiting = await countWaiting();
  };

  // The job that found no free slot may not have ended yet, so these jobs get ids of their own.
  const add = async (admitted: readonly AdmittedDelivery[]): Promise<number> => {
    if (admitted.length > 0) await enqueue(admitted.map(({ id }) => ({ id, newJobId: true })));
    return admitted.length;
  };

  const fill = async (): Promise<void> => {
    const own = [...backlogged].slice(0, OWN);
    backlogged = new Set();
    const startedAt = performance.now();
    await look();
    if (waiting >= SHORT * concurrency) return;
    let added = 0;
    let perWebhook = 1;
    // While workers take jobs as fast as they come, the line is never full: the run ends, and the next one continues.
    for (let turn = 0; turn < TURNS && !isStopped; turn += 1) {
      const room = FULL * concurrency - Math.max(waiting, added);
      if (room <= 0) return;
      const { admitted, cursor } = await admitNext({ after, deliveries: Math.min(room, concurrency), perWebhook });
      const isPassed = after === '' && cursor === null;
      after = cursor ?? '';
      added += await add(admitted);
      if (turn === 0 && own.length > 0) added += await add(await admitOf(own));
      if (isPassed && admitted.length === 0) break;
      // All had their turn, and the line is not full: the rest is divided among them.
      if (isPassed) perWebhook = Math.max(perWebhook, Math.ceil(room / admitted.length));
      await look();
    }
    if (added > 0 || isStopped) return;
    hasMore = false;
    pauseMs = Math.min(PAUSE_FACTOR * (performance.now() - startedAt), LONGEST_PAUSE_MS);
  };

  const run = async (): Promise<void> => {
    const pausedMs = pauseMs;
    pauseMs = 0;
    if (pausedMs > 0 && !isStopped) await wait(pausedMs);
    if (isStopped) return;
    hasMore = true;
    try {
      await fill();
    } catch (error) {
      // The reconciler tries again; ended jobs would try several times a second.
      hasMore = false;
      throw error;
    }
  };

  const start = (): Promise<void> => {
    const started = run().finally(() => {
      if (current === started) current = undefined;
    });
    current = started;
    return started;
  };

  const refill = (): Promise<void> => {
    if (next !== undefined) return next;
    if (current === undefined) return start();
    next = current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };

  return {
    refill,
    jobEnded(webhookId) {
      ended += 1;
      if (webhookId !== undefined) {
        hasMore = true;
        backlogged.add(webhookId);
      }
      const isToLook = waiting < SHORT * concurrency || ended >= LOOK_AFTER * concurrency;
      // The run that others wait for already comes after this job.
      if (!hasMore || !isToLook || next !== undefined) return;
      refill().catch((error: unknown) => {
        log.warn('Parked deliveries wait for the next round of the reconciler.', { error });
      });
    },
    async stop() {
      isStopped = true;
      await Promise.allSettled([current, next]);
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
