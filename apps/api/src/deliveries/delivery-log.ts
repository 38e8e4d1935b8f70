import { deliveryIdFloor, type Attempt, type Database, type Delivery, type DeliveryStatus } from '@tidings/database';

export interface DeliveryFilter {
  webhookId: string;
  limit: number;
  cursor?: string | undefined;
  statuses?: DeliveryStatus[] | undefined;
  eventTypes?: string[] | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

export interface DeliveryWithAttempts {
  delivery: Delivery;
  /** Oldest first. */
  attempts: Attempt[];
}

export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/** What was sent, and what came back, for one user's webhooks. */
export function createDeliveryLog({ prisma }: Pick<Database, 'prisma'>) {
  const withAttempts = async (delivery: Delivery | null): Promise<DeliveryWithAttempts | null> =>
    delivery && {
      delivery,
      attempts: await prisma.attempt.findMany({ where: { deliveryId: delivery.id }, orderBy: { number: 'asc' } }),
    };

  return {
    /**
     * Newest first; up to `limit` of those before the cursor. Whose webhook it is has to be known already: asked for the
     * owner as well, PostgreSQL takes both for independent, expects next to nothing, and reads all that there is. Time is
     * asked for by id: one range of the index, in the partitions of that time alone.
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

    /** One delivery with every attempt, oldest first. */
    async find(owner: string, id: string): Promise<DeliveryWithAttempts | null> {
      return withAttempts(await prisma.delivery.findFirst({ where: { id, owner } }));
    },

    /** The same, whoever it is of: for operators only. */
    async findAny(id: string): Promise<DeliveryWithAttempts | null> {
      return withAttempts(await prisma.delivery.findFirst({ where: { id } }));
    },
  };
}
