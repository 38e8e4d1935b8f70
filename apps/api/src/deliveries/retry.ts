import { retryDelivery, type Queryable, type RetryResult } from '@tidings/database';
import { WAKE_AFTER_MS, type DeliveriesQueue } from '@tidings/queue';

/** The parts of {@link createRetry}. */
export interface RetryParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Makes a delivery of the owner due now and enqueues it. Returns the state of its webhook; null if the owner has no delivery
 * with this id (I7).
 */
export type Retry = (owner: string, id: string) => Promise<RetryResult['webhook'] | null>;

/** Creates `Retry`. While Redis is unavailable, the delivery still becomes due, and the reconciler enqueues it later. */
export function createRetry({ sql, queue, log }: RetryParts): Retry {
  return async (owner, id) => {
    const retried = await retryDelivery(sql, owner, id, WAKE_AFTER_MS);
    if (retried?.due) {
      // Redis may still hold the earlier job of the delivery, which runs only when the earlier wait is over.
      await queue.enqueue([{ ...retried.due, newJobId: true }]).catch((error: unknown) => {
        log.warn('Redis did not take a retried delivery; the reconciler enqueues it later.', { delivery_id: id, error });
      });
    }
    return retried?.webhook ?? null;
  };
}
