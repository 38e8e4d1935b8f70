import type { AdmittedDelivery, Woken } from '@tidings/database';
import type { Release } from './release.js';

interface ReconcileParts {
  /** Takes overdue deliveries, a batch at a time. */
  wake: () => Promise<Woken>;
  /** As many as a batch may hold: a full one is followed by another at once. */
  batchSize: number;
  /** The webhooks that have parked deliveries. */
  readBacklogged: () => Promise<string[]>;
  release: Release;
  enqueue: (deliveries: readonly AdmittedDelivery[]) => Promise<void>;
  /** Told how many were overdue, for the metrics. */
  onWoken?: (count: number) => void;
  log: { info: (message: string, details: object) => void };
}

/**
 * One round of the reconciler: enqueues what Redis has no job for (I1, I2), be it accepted while Redis was away, lost with
 * Redis, or left by a worker that died; then gives free slots to what waits for one. Any number of them may run.
 */
export function createReconcile({ wake, batchSize, readBacklogged, release, enqueue, onWoken, log }: ReconcileParts) {
  return async (stopping: () => boolean): Promise<void> => {
    let woken: Woken;
    do {
      woken = await wake();
      onWoken?.(woken.count);
      if (woken.admitted.length > 0) await enqueue(woken.admitted);
      if (woken.count > 0) log.info('Took up overdue deliveries.', { count: woken.count, enqueued: woken.admitted.length });
    } while (woken.count === batchSize && !stopping());
    await release(await readBacklogged());
  };
}
