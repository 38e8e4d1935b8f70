import { endSupersededNext, type Database, type Delivery, type DeliveryStatus, type PendingDelivery } from '@tidings/database';

/** A delivery in the log, with the columns of its row in `pending_deliveries`: all null when it has none. */
export type StoredDelivery = Delivery & {
  [Column in 'stage' | 'priority' | 'priorAttempts' | 'leaseToken' | 'nextAttemptAt' | 'wakeAt' | 'ended' | 'again']:
    PendingDelivery[Column] | null;
};

const NOT_PENDING = {
  ...{ stage: null, priority: null, priorAttempts: null, leaseToken: null },
  ...{ nextAttemptAt: null, wakeAt: null, ended: null, again: null },
};

/** Reads all deliveries, in the order of the event log. `attemptCount` counts the attempts until now. */
export async function storedDeliveries({ prisma }: Pick<Database, 'prisma'>): Promise<StoredDelivery[]> {
  const deliveries = await prisma.delivery.findMany({ orderBy: { eventPosition: 'asc' } });
  const pending = new Map((await prisma.pendingDelivery.findMany()).map((row) => [row.deliveryId, row]));
  return deliveries.map((delivery) => {
    const row = pending.get(delivery.id);
    if (!row) return { ...delivery, ...NOT_PENDING };
    const { stage, priority, priorAttempts, leaseToken, nextAttemptAt, wakeAt, ended, again, attemptCount } = row;
    return { ...delivery, stage, priority, priorAttempts, leaseToken, nextAttemptAt, wakeAt, ended, again, attemptCount };
  });
}

/** Removes all webhooks, events and deliveries. */
export async function clear({ pool }: Pick<Database, 'pool'>): Promise<void> {
  await pool.query(
    'TRUNCATE webhooks, subscriptions, cancellations, expansions, deliveries, pending_deliveries, attempts, events, idempotency_keys',
  );
}

/** Ends all pending deliveries that are no replays with this status, after this number of attempts. */
export async function endPending({ pool }: Pick<Database, 'pool'>, status: DeliveryStatus, attempts = 0): Promise<void> {
  await pool.query(
    `WITH ended AS (DELETE FROM pending_deliveries WHERE NOT replay RETURNING delivery_id)
     UPDATE deliveries SET status = $1::delivery_status, attempt_count = $2, finished_at = now() FROM ended WHERE id = delivery_id`,
    [status, attempts],
  );
}

/** Ends the pending deliveries of disabled and deleted webhooks, as workers do. */
export async function endSuperseded({ pool }: Pick<Database, 'pool'>): Promise<void> {
  while ((await endSupersededNext(pool)) !== null);
}
