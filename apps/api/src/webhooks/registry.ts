import { v7 as uuidv7 } from 'uuid';
import { cancelDeliveries, type Database, type Webhook } from '@tidings/database';
import { createSecret, sealedFor, type Seal } from '@tidings/secrets';
import { consequences, toColumns } from './columns.js';
import type { Registration, RegistrationChange } from './registration.js';
import type { WebhookView } from './view.js';

export type Registered = { registered: true; webhook: WebhookView; secret: string } | { registered: false };

interface RegistryParts {
  database: Database;
  seal: Seal;
  /** How many webhooks a user may have. */
  perUser: number;
}

export type Registry = ReturnType<typeof createRegistry>;

/** The webhooks of all users. Every call names the user, and sees only what is theirs (I7). */
export function createRegistry({ database, seal, perUser }: RegistryParts) {
  const { prisma } = database;

  const toView = ({ sealedSecret, sealedHeaders, ...webhook }: Webhook): WebhookView => ({
    ...webhook,
    headerNames: sealedHeaders ? Object.keys(JSON.parse(seal.open(sealedHeaders, sealedFor.headers(webhook.id))) as object) : [],
  });
  const sealBytes = (text: string, owner: string) => new Uint8Array(seal.seal(text, owner));
  const sealHeaders = (id: string, headers: Record<string, string>) =>
    Object.keys(headers).length === 0 ? null : sealBytes(JSON.stringify(headers), sealedFor.headers(id));

  return {
    /** Registers a webhook and makes its secret, which is shown here and never again; `registered: false` at the limit. */
    async register(userId: string, { headers, ...fields }: Registration): Promise<Registered> {
      const id = `wh_${uuidv7()}`;
      const secret = createSecret();
      const webhook = await prisma.$transaction(async (transaction) => {
        // One registration of a user at a time: parallel ones would all count the same number.
        await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${userId}, 0))`;
        if ((await transaction.webhook.count({ where: { userId } })) >= perUser) return null;
        const sealedSecret = sealBytes(secret, sealedFor.secret(id));
        return transaction.webhook.create({
          data: { ...toColumns(fields), url: fields.url, id, userId, sealedSecret, sealedHeaders: sealHeaders(id, headers) },
        });
      });
      return webhook === null ? { registered: false } : { registered: true, webhook: toView(webhook), secret };
    },

    /** Newest first; up to `limit` of those before the cursor. */
    async list(userId: string, { limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<WebhookView[]> {
      const before = cursor === undefined ? {} : { id: { lt: cursor } };
      const webhooks = await prisma.webhook.findMany({ where: { userId, ...before }, orderBy: { id: 'desc' }, take: limit });
      return webhooks.map(toView);
    },

    async find(userId: string, id: string): Promise<WebhookView | null> {
      const webhook = await prisma.webhook.findFirst({ where: { id, userId } });
      return webhook && toView(webhook);
    },

    /**
     * Changes what is named, and what follows from it; null when the user has no such webhook. Disabling cancels what is
     * pending, after the commit: whoever holds a webhook's lock must not wait for its deliveries. What is claimed in
     * between finds that it is disabled.
     */
    async change(userId: string, id: string, change: RegistrationChange): Promise<WebhookView | null> {
      const { headers, ...fields } = change;
      const webhook = await prisma.$transaction(async (transaction) => {
        await transaction.$executeRaw`SELECT FROM webhooks WHERE id = ${id} AND user_id = ${userId} FOR NO KEY UPDATE`;
        const before = await transaction.webhook.findFirst({ where: { id, userId } });
        if (!before) return null;
        return transaction.webhook.update({
          where: { id },
          data: {
            ...toColumns(fields),
            ...(headers === undefined ? {} : { sealedHeaders: sealHeaders(id, headers) }),
            ...consequences(before, change),
          },
        });
      });
      if (webhook && change.enabled === false) await cancelDeliveries(database.pool, id);
      return webhook && toView(webhook);
    },

    /** Removes it and cancels what is pending; false when the user has no such webhook. */
    async remove(userId: string, id: string): Promise<boolean> {
      const { count } = await prisma.webhook.deleteMany({ where: { id, userId } });
      if (count > 0) await cancelDeliveries(database.pool, id);
      return count > 0;
    },
  };
}
