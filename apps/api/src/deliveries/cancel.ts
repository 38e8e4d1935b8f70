import { cancelDelivery, type CancelResult, type Queryable } from '@tidings/database';
import type { Admit } from './admit.js';

/** Cancels a pending delivery of the owner; null if the owner has no delivery with this id (I7). */
export type Cancel = (owner: string, id: string) => Promise<CancelResult | null>;

/** Creates `Cancel`. The next delivery of the webhook's line gets the slot that became free. */
export function createCancel({ sql, admit }: { sql: Queryable; admit: Admit }): Cancel {
  return async (owner, id) => {
    const result = await cancelDelivery(sql, owner, id, owner);
    if (result?.cancelled) await admit([result.webhookId]);
    return result;
  };
}
