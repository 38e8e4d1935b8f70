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
  /** Oldest first. */
  attempts: Attempt[];
}

/** Reads deliveries and their attempts. */
export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/** Creates the reader of deliveries and their attempts. */
export function createDeliveryLog({ prisma, pool }: Pick<Database, 'prisma' | 'pool'>) {
  const withAttempts = async (delivery: DeliveryState | null): Promise<DeliveryWithAttempts | null> =>
    delivery && {
      delivery,
      attempts: await prisma.attempt.findMany({ where: { deliveryId: delivery.id }, orderBy: { number: 'asc' } }),
    };

  return {
    /** Reads a page of a webhook's deliveries, newest first. The caller must have checked the webhook's owner. */
    list: (filter: DeliveryFilter): Promise<DeliveryPage> => readDeliveries(pool, filter),

    /** Returns a delivery of the owner with its attempts; null if the owner has none with this id (I7). */
    find: async (owner: string, id: string): Promise<DeliveryWithAttempts | null> =>
      withAttempts(await readDelivery(pool, owner, id)),

    /** Returns a delivery of any owner with its attempts; null if there is none with this id. Only for operators. */
    findAny: async (id: string): Promise<DeliveryWithAttempts | null> => withAttempts(await readDelivery(pool, null, id)),
  };
}
