import { retryDelivery, type Queryable, type RetryAnswer } from '@tidings/database';
import { WAKE_AFTER_MS, type DeliveriesQueue } from '@tidings/queue';

export interface RetryParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Makes a delivery of the owner due now and enqueues it. Returns the state of its webhook; null if the owner has no delivery
 * with this id (I7).
 */
export type Retry = (owner: string, id: string) => Promise<RetryAnswer['webhook'] | null>;

/** Creates `Retry`. While Redis is unavailable, the delivery becomes due all the same, and the reconciler enqueues it later. */
export function createRetry({ sql, queue, log }: RetryParts): Retry {
  return async (owner, id) => {
    const answer = await retryDelivery(sql, owner, id, WAKE_AFTER_MS);
    if (answer?.due) {
      // Redis may still hold the earlier job of the delivery, which runs only when the earlier wait is over.
      await queue.enqueue([{ ...answer.due, newJobId: true }]).catch((error: unknown) => {
        log.warn('Redis did not take a retried delivery; the reconciler enqueues it later.', { delivery_id: id, error });
      });
    }
    return answer?.webhook ?? null;
  };
}
