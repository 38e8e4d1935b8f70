import { retryDelivery, type Queryable, type RetryAnswer } from '@tidings/database';
import { WAKE_AFTER_MS, type DeliveriesQueue } from '@tidings/queue';

export interface RetryParts {
  sql: Queryable;
  queue: Pick<DeliveriesQueue, 'enqueue'>;
  log: { warn: (message: string, details: object) => void };
}

/** Makes one of the user's deliveries due now, and enqueues it. Null when the user has none with this id (I7). */
export type Retry = (owner: string, id: string) => Promise<RetryAnswer['webhook'] | null>;

/** While Redis is away it is made due all the same, for the reconciler. */
export function createRetry({ sql, queue, log }: RetryParts): Retry {
  return async (owner, id) => {
    const answer = await retryDelivery(sql, owner, id, WAKE_AFTER_MS);
    if (answer?.due) {
      // Redis may still hold its job of before, which comes when the earlier wait is over.
      await queue.enqueue([{ ...answer.due, newJobId: true }]).catch((error: unknown) => {
        log.warn('Redis did not take a retried delivery; it is picked up from the database.', { delivery_id: id, error });
      });
    }
    return answer?.webhook ?? null;
  };
}
