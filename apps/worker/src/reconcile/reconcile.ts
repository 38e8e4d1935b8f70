import type { AdmittedDelivery, Woken } from '@tidings/database';
import type { Release } from './release.js';

interface ReconcileParts {
  /** Wakes a batch of overdue deliveries. */
  wake: () => Promise<Woken>;
  /** The size of a full batch. After a full batch the next one follows immediately. */
  batchSize: number;
  /** Reads the ids of the webhooks that have parked deliveries. */
  readBacklogged: () => Promise<string[]>;
  release: Release;
  enqueue: (deliveries: readonly AdmittedDelivery[]) => Promise<void>;
  /** Called with the number of overdue deliveries of each batch, for the metrics. */
  onWoken?: (count: number) => void;
  log: { info: (message: string, details: object) => void };
}

/**
 * Creates one round of the reconciler. It enqueues deliveries that Redis has no job for (I1, I2): accepted while Redis was
 * away, lost with Redis, or left by a worker that died. Then it gives free slots to parked deliveries. Any number of
 * reconcilers may run at once. A round throws when PostgreSQL or Redis is away; the next round wakes the deliveries again.
 */
export function createReconcile({ wake, batchSize, readBacklogged, release, enqueue, onWoken, log }: ReconcileParts) {
  return async (isStopping: () => boolean): Promise<void> => {
    let woken: Woken;
    do {
      woken = await wake();
      onWoken?.(woken.count);
      if (woken.admitted.length > 0) await enqueue(woken.admitted);
      if (woken.count > 0) log.info('Woke overdue deliveries.', { count: woken.count, enqueued: woken.admitted.length });
    } while (woken.count === batchSize && !isStopping());
    await release(await readBacklogged());
  };
}
