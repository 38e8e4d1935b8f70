import type { AdmittedDelivery, Woken } from '@tidings/database';
import type { QueuedDelivery } from '@tidings/queue';

interface ReconcileParts {
  /** Wakes a batch of deliveries that are overdue since a time, in Unix milliseconds; undefined: since whenever. */
  wake: (since: number | undefined) => Promise<Woken>;
  /** Reads the database's clock, in Unix milliseconds, and follows it (`createFollowClock`). */
  readTime: () => Promise<number>;
  /** The size of a full batch. After a full batch the next one follows immediately. */
  batchSize: number;
  enqueue: (deliveries: readonly QueuedDelivery[]) => Promise<void>;
  /** Admits parked deliveries. */
  refill: () => Promise<void>;
  /** Called with the number of overdue deliveries of each batch, for the metrics. */
  onWoken?: (count: number) => void;
  log: { info: (message: string, details: object) => void };
}

/** A round looks at wake times from so long before the last complete round on, in milliseconds: rows may have been locked then. */
const OVERLAP_MS = 300_000;
/** A round looks at all wake times so long after the last one that did, in milliseconds: a row may have been locked for longer. */
const FULL_LOOK_MS = 3_600_000;

/**
 * Creates one round of the reconciler. It enqueues deliveries that Redis has no job for (I1, I2): accepted while Redis was
 * away, lost with Redis, or left by a worker that died. Then it admits parked deliveries. Several reconcilers may run at once.
 * A round throws when PostgreSQL or Redis is away; the next round wakes the deliveries again.
 *
 * Only the first round and one an hour look at all wake times. While a vacuum is held back, by a long backup for example, the
 * index still has the wake times of millions of deliveries that ended, and each look would read them.
 */
export function createReconcile({ wake, readTime, batchSize, enqueue, refill, onWoken, log }: ReconcileParts) {
  /** When the last complete round, and the last complete one that looked at all wake times, began. */
  let completeAt: number | undefined;
  let fullAt = 0;

  return async (isStopping: () => boolean): Promise<void> => {
    const startedAt = await readTime();
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
