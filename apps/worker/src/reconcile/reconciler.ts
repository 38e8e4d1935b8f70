import type { WokenDelivery } from '@tidings/database';

interface ReconcilerParts {
  /** Takes up to `limit` overdue deliveries. */
  wake: (limit: number) => Promise<WokenDelivery[]>;
  enqueue: (deliveries: readonly WokenDelivery[]) => Promise<void>;
  /** Between two rounds, in milliseconds. */
  intervalMs: number;
  log: { info: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

export interface Reconciler {
  start: () => void;
  /** Resolves when the round under way has ended. */
  stop: () => Promise<void>;
}

const BATCH = 1000;

/**
 * Enqueues what Redis has no job for (I1, I2): accepted while Redis was away, lost with Redis, or left by a worker that
 * died. Any number of reconcilers may run: each overdue delivery goes to one of them.
 */
export function createReconciler({ wake, enqueue, intervalMs, log }: ReconcilerParts): Reconciler {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();

  const reconcile = async (): Promise<void> => {
    try {
      let count: number;
      do {
        const overdue = await wake(BATCH);
        count = overdue.length;
        if (count > 0) {
          await enqueue(overdue);
          log.info('Enqueued overdue deliveries again.', { count });
        }
      } while (count === BATCH && !stopped);
    } catch (error) {
      log.warn('A round of the reconciler failed; the next one goes on.', { error });
    }
    if (!stopped) timer = setTimeout(start, intervalMs);
  };

  const start = (): void => {
    round = reconcile();
  };

  return {
    start,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
