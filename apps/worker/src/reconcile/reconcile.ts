import type { AdmittedDelivery, Woken } from '@tidings/database';
import type { QueuedDelivery } from '@tidings/queue';

interface ReconcileParts {
  /** Wakes a batch of deliveries that are overdue since a time, in Unix milliseconds; undefined: since whenever. */
  wake: (since: number | undefined) => Promise<Woken>;
  /** Reads the database's clock, in Unix milliseconds. */
  readTime: () => Promise<number>;
  /** Brings a chunk of the retries forward by so long, in milliseconds. Returns where the next chunk begins; null: all are done. */
  bringForward: (byMs: number, after?: string) => Promise<string | null>;
  /** The size of a full batch. After a full batch the next one follows immediately. */
  batchSize: number;
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /** Admits parked deliveries. */
  refill: () => Promise<void>;
  /** Called with the number of overdue deliveries of each batch, for the metrics. */
  onWoken?: (count: number) => void;
  log: { info: (message: string, details: object) => void; warn: (message: string, details: object) => void };
  /** A monotonic clock, in milliseconds. Default: that of the process. */
  monotonicNow?: () => number;
}

/** A round looks at wake times from so long before the last complete round on, in milliseconds: rows may have been locked then. */
const OVERLAP_MS = 300_000;
/** A round looks at all wake times so long after the last one that did, in milliseconds: a row may have been locked for longer. */
const FULL_LOOK_MS = 3_600_000;
/** The database's clock was set back when it is behind this process's by so much more than in the last round, in milliseconds. */
const SET_BACK_MS = 5000;
/** After so long without a round, in milliseconds, another process has probably made them, and has followed the clock. */
const INTERRUPTED_MS = 60_000;

/**
 * Creates one round of the reconciler. It enqueues deliveries that Redis has no job for (I1, I2): accepted while Redis was
 * away, lost with Redis, or left by a worker that died. Then it admits parked deliveries. Several reconcilers may run at once.
 * A round throws when PostgreSQL or Redis is away; the next round wakes the deliveries again.
 *
 * A round also notices when PostgreSQL's clock was set back, and brings retries forward.
 *
 * Only the first round and one an hour look at all wake times. While a vacuum is held back, by a long backup for example, the
 * index still has the wake times of millions of deliveries that ended, and each look would read them.
 */
export function createReconcile(parts: ReconcileParts) {
  const {
    wake,
    readTime,
    bringForward,
    batchSize,
    enqueue,
    refill,
    onWoken,
    log,
    monotonicNow = () => performance.now(),
  } = parts;
  /** When the last complete round, and the last complete one that looked at all wake times, began. */
  let completeAt: number | undefined;
  let fullAt = 0;
  /** The database's clock at the last reading, and the monotonic clock then. */
  let read: { time: number; at: number } | undefined;
  /** The monotonic clock at the last round. */
  let roundAt = Number.NEGATIVE_INFINITY;
  /** By how much the clock was set back, and the retry behind which retries are still to be brought forward. */
  let setBack: { byMs: number; after: string } | undefined;

  /** Reads the clock. Retries have times of the clock as it was: after it was set back they would wait for that much longer. */
  async function followClock(): Promise<number> {
    await finishSetBack();
    const askedAt = monotonicNow();
    if (askedAt - roundAt > INTERRUPTED_MS) read = undefined;
    roundAt = askedAt;
    const time = await readTime();
    // At least so much time passed between the two readings, however long the responses took.
    const setBackMs = read ? read.time + (askedAt - read.at) - time : 0;
    read = { time, at: monotonicNow() };
    if (setBackMs >= SET_BACK_MS) {
      log.warn("PostgreSQL's clock was set back. Retries are brought forward.", { by_ms: Math.round(setBackMs) });
      setBack = { byMs: setBackMs, after: '' };
    }
    await finishSetBack();
    return time;
  }

  async function finishSetBack(): Promise<void> {
    while (setBack) {
      const after = await bringForward(setBack.byMs, setBack.after);
      setBack = after === null ? undefined : { ...setBack, after };
    }
  }

  return async (isStopping: () => boolean): Promise<void> => {
    const startedAt = await followClock();
    // When the database's clock was set back, wake times are earlier than those of the last round.
    const isFull = completeAt === undefined || startedAt < completeAt || startedAt - fullAt >= FULL_LOOK_MS;
    const since = isFull || completeAt === undefined ? undefined : completeAt - OVERLAP_MS;
    let woken: Woken;
    do {
      woken = await wake(since);
      onWoken?.(woken.count);
      if (woken.admitted.length > 0) await enqueue(woken.admitted.map(toQueued));
      if (woken.count > 0) log.info('Woke overdue deliveries.', { count: woken.count, enqueued: woken.admitted.length });
    } while (woken.count === batchSize && !isStopping());
    if (woken.count < batchSize) {
      completeAt = startedAt;
      if (isFull) fullAt = startedAt;
    }
    await refill();
  };
}

function toQueued({ id }: AdmittedDelivery): QueuedDelivery {
  return { id };
}
