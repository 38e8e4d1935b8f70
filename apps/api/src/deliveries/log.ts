import type { Attempt, Database, Delivery, DeliveryStatus } from '@tidings/database';

export interface DeliveryFilter {
  webhookId: string;
  limit: number;
  cursor?: string | undefined;
  statuses?: DeliveryStatus[] | undefined;
  eventTypes?: string[] | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

export type DeliveryLog = ReturnType<typeof createDeliveryLog>;

/** What was sent, and what came back, for one user's webhooks. */
export function createDeliveryLog({ prisma }: Pick<Database, 'prisma'>) {
  return {
    /** Newest first; up to `limit` of those before the cursor. */
    list(userId: string, { webhookId, limit, cursor, statuses, eventTypes, since, until }: DeliveryFilter): Promise<Delivery[]> {
      return prisma.delivery.findMany({
        where: {
          userId,
          webhookId,
          ...(cursor === undefined ? {} : { id: { lt: cursor } }),
          ...(statuses === undefined ? {} : { status: { in: statuses } }),
          ...(eventTypes === undefined ? {} : { eventType: { in: eventTypes } }),
          createdAt: { ...(since === undefined ? {} : { gte: since }), ...(until === undefined ? {} : { lt: until }) },
        },
        orderBy: { id: 'desc' },
        take: limit,
      });
    },

    /** One delivery with every attempt, oldest first. */
    async find(userId: string, id: string): Promise<{ delivery: Delivery; attempts: Attempt[] } | null> {
      const delivery = await prisma.delivery.findFirst({ where: { id, userId } });
      if (!delivery) return null;
      return { delivery, attempts: await prisma.attempt.findMany({ where: { deliveryId: id }, orderBy: { number: 'asc' } }) };
    },
  };
}
