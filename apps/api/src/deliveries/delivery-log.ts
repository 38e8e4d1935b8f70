import { deliveryIdFloor, type Attempt, type Database, type Delivery, type DeliveryStatus } from '@tidings/database';

/** Selects deliveries of one webhook. A field that is undefined selects all. */
export interface DeliveryFilter {
  webhookId: string;
  limit: number;
  /** Only deliveries older than the delivery with this id. */
  cursor?: string | undefined;
  statuses?: DeliveryStatus[] | undefined;
  eventTypes?: string[] | undefined;
  /** Only deliveries created at this time or later. */
  since?: Date | undefined;
  /** Only deliveries created before this time. */
  until?: Date | undefined;
}

/** A delivery and its attempts. */
export interface DeliveryWithAttempts {
  delivery: Delivery;
  /** Oldest first. */
  attempts: Attempt[];
}

/** Reads deliveries and their attempts. */
export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/** Creates the reader of deliveries and their attempts. */
export function createDeliveryLog({ prisma }: Pick<Database, 'prisma'>) {
  const withAttempts = async (delivery: Delivery | null): Promise<DeliveryWithAttempts | null> =>
    delivery && {
      delivery,
      attempts: await prisma.attempt.findMany({ where: { deliveryId: delivery.id }, orderBy: { number: 'asc' } }),
    };

  return {
    /**
     * Lists up to `limit` deliveries of a webhook, newest first. The caller must have checked the webhook's owner: with a
     * condition on the owner as well, PostgreSQL treats the two conditions as independent, expects almost no rows, and chooses
     * a plan that reads every row. Times are compared by id: this reads one index range, only in the partitions of that time.
     */
    list({ webhookId, limit, cursor, statuses, eventTypes, since, until }: DeliveryFilter): Promise<Delivery[]> {
      return prisma.delivery.findMany({
        where: {
          webhookId,
          AND: [
            cursor === undefined ? {} : { id: { lt: cursor } },
            since === undefined ? {} : { id: { gte: deliveryIdFloor(since) } },
            until === undefined ? {} : { id: { lt: deliveryIdFloor(until) } },
          ],
          ...(statuses === undefined ? {} : { status: { in: statuses } }),
          ...(eventTypes === undefined ? {} : { eventType: { in: eventTypes } }),
        },
        orderBy: { id: 'desc' },
        take: limit,
      });
    },

    /** Returns a delivery of the owner with its attempts; null if the owner has none with this id (I7). */
    async find(owner: string, id: string): Promise<DeliveryWithAttempts | null> {
      return withAttempts(await prisma.delivery.findFirst({ where: { id, owner } }));
    },

    /** Returns a delivery of any owner with its attempts; null if there is none with this id. Only for operators. */
    async findAny(id: string): Promise<DeliveryWithAttempts | null> {
      return withAttempts(await prisma.delivery.findFirst({ where: { id } }));
    },
  };
}
