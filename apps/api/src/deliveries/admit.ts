import { admitOf, type Queryable } from '@tidings/database';
import { WAKE_AFTER_MS, type DeliveriesQueue } from '@tidings/queue';

/** The parts of {@link createAdmit}. */
export interface AdmitParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Gives the free slots of these webhooks to their waiting deliveries at once, instead of in the reconciler's next round: after a
 * resume, or when the first delivery in a line was cancelled. Never throws: what fails here is left to the reconciler.
 */
export type Admit = (webhookIds: readonly string[]) => Promise<void>;

/** Creates `Admit`. */
export function createAdmit({ sql, queue, log }: AdmitParts): Admit {
  return async (webhookIds) => {
    try {
      const admitted = await admitOf(sql, webhookIds, WAKE_AFTER_MS);
      if (admitted.length > 0) await queue.enqueue(admitted);
    } catch (error) {
      log.warn('Waiting deliveries were not enqueued; the reconciler enqueues them later.', { webhook_ids: webhookIds, error });
    }
  };
}
