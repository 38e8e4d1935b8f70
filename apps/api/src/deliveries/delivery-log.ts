import {
  readDeliveries,
  readDelivery,
  type Attempt,
  type Database,
  type DeliveryFilter,
  type DeliveryPage,
  type DeliveryState,
} from '@tidings/database';

/** A delivery and its attempts. */
export interface DeliveryWithAttempts {
  delivery: DeliveryState;
  /** Oldest first: the newest {@link MAX_ATTEMPTS_SHOWN} of those that were asked for. */
  attempts: Attempt[];
}

/** The maximum number of attempts that are returned with a delivery. Replays and throttling give one any number of them. */
export const MAX_ATTEMPTS_SHOWN = 100;

/** Reads deliveries and their attempts. */
export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/** Creates the reader of deliveries and their attempts. */
export function createDeliveryLog({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const withAttempts = async (delivery: DeliveryState | null, before?: number): Promise<DeliveryWithAttempts | null> => {
    if (delivery === null) return null;
    const newest = await prisma.attempt.findMany({
      where: { deliveryId: delivery.id, ...(before !== undefined && { number: { lt: before } }) },
      orderBy: { number: 'desc' },
      take: MAX_ATTEMPTS_SHOWN,
    });
    return { delivery, attempts: newest.reverse() };
  };

  return {
    /** Reads a page of a webhook's deliveries, newest first. The caller must have checked the webhook's owner. */
    list: (filter: DeliveryFilter): Promise<DeliveryPage> => readDeliveries(pool, filter),

    /** Returns a delivery of the owner; null if the owner has none with this id (I7). */
    find: (owner: string, id: string): Promise<DeliveryState | null> => readDelivery(pool, owner, id),

    /**
     * Returns a delivery with its attempts; null if there is none with this id.
     *
     * @param owner only a delivery of this owner (I7); null: of any owner, for operators
     * @param before only attempts with a lower number; undefined: all
     */
    findWithAttempts: async (owner: string | null, id: string, before?: number): Promise<DeliveryWithAttempts | null> =>
      withAttempts(await readDelivery(pool, owner, id), before),
  };
}
