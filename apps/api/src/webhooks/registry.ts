import { v7 as uuidv7 } from 'uuid';
import { cancelDeliveries, lockOwner, lockWebhook, readClock, setActor, type Database } from '@tidings/database';
import { createSecret, rotate, sealedFor, stillValid, type PreviousSecret, type Seal } from '@tidings/secrets';
import { consequences, toColumns } from './columns.js';
import { createOpener } from './open-webhook.js';
import type { Registration, RegistrationChange } from './registration.js';
import type { WebhookView } from './view.js';

/** `limit`: how many webhooks the user may have, and has; null: the user is disabled. */
export type Registered = { registered: true; webhook: WebhookView; secret: string } | { registered: false; limit: number | null };

/** `withheld`: an operator disabled the webhook, and the change would have enabled it. */
export type Changed = { changed: true; webhook: WebhookView } | { changed: false; why: 'withheld' };

/** `nextEnd`: of the earlier secrets that sign, as many as may, the first one ends then. */
export type Rotated = { rotated: true; webhook: WebhookView; secret: string } | { rotated: false; nextEnd: Date };

interface RegistryParts {
  database: Database;
  seal: Seal;
  /** How many webhooks a user may have of whom no operator said otherwise. */
  perOwner: number;
  /** Told how many deliveries were cancelled, for the metrics. */
  onCancelled?: (count: number) => void;
}

export type Registry = ReturnType<typeof createRegistry>;

/** The webhooks of all users. Every call names the user, and sees only what is theirs (I7). */
export function createRegistry({ database, seal, perOwner, onCancelled }: RegistryParts) {
  const { prisma } = database;
  const cancel = async (webhookId: string): Promise<void> => {
    const count = await cancelDeliveries(database.pool, webhookId);
    onCancelled?.(count);
  };

  const { previousOf, toView } = createOpener(seal);
  const sealBytes = (text: string, owner: string) => new Uint8Array(seal.seal(text, owner));
  const sealHeaders = (id: string, headers: Record<string, string>) =>
    Object.keys(headers).length === 0 ? null : sealBytes(JSON.stringify(headers), sealedFor.headers(id));

  return {
    /** Registers a webhook and makes its secret, which is shown here and never again; `registered: false` at the limit. */
    async register(owner: string, { headers, ...fields }: Registration): Promise<Registered> {
      const id = `wh_${uuidv7()}`;
      const secret = createSecret();
      return prisma.$transaction(async (transaction) => {
        // One registration of a user at a time: parallel ones would all count the same number.
        await lockOwner(transaction, owner);
        await setActor(transaction, owner);
        const settings = await transaction.ownerSettings.findUnique({ where: { owner } });
        if (settings?.disabledAt) return { registered: false, limit: null };
        const limit = settings?.webhooksLimit ?? perOwner;
        if ((await transaction.webhook.count({ where: { owner } })) >= limit) return { registered: false, limit };
        const sealedSecret = sealBytes(secret, sealedFor.secret(id));
        const webhook = await transaction.webhook.create({
          data: { ...toColumns(fields), url: fields.url, id, owner, sealedSecret, sealedHeaders: sealHeaders(id, headers) },
        });
        return { registered: true, webhook: toView(webhook), secret };
      });
    },

    /** Newest first; up to `limit` of those before the cursor. */
    async list(owner: string, { limit, cursor }: { limit: number; cursor?: string | undefined }): Promise<WebhookView[]> {
      const before = cursor === undefined ? {} : { id: { lt: cursor } };
      const webhooks = await prisma.webhook.findMany({ where: { owner, ...before }, orderBy: { id: 'desc' }, take: limit });
      return webhooks.map(toView);
    },

    async find(owner: string, id: string): Promise<WebhookView | null> {
      const webhook = await prisma.webhook.findFirst({ where: { id, owner } });
      return webhook && toView(webhook);
    },

    /**
     * Changes what is named, and what follows from it; null when the user has no such webhook. Disabling cancels what is
     * pending, after the commit: whoever holds a webhook's lock must not wait for its deliveries. What is claimed in
     * between finds that it is disabled.
     */
    async change(owner: string, id: string, change: RegistrationChange): Promise<Changed | null> {
      const { headers, ...fields } = change;
      const changed = await prisma.$transaction(async (transaction) => {
        await setActor(transaction, owner);
        await lockWebhook(transaction, owner, id);
        const before = await transaction.webhook.findFirst({ where: { id, owner } });
        if (!before) return null;
        if (change.enabled === true && before.disabledReason === 'operator') return { changed: false, why: 'withheld' } as const;
        const webhook = await transaction.webhook.update({
          where: { id },
          data: {
            ...toColumns(fields),
            ...(headers === undefined ? {} : { sealedHeaders: sealHeaders(id, headers) }),
            ...consequences(before, change),
          },
        });
        return { changed: true, webhook: toView(webhook) } as const;
      });
      if (changed?.changed && change.enabled === false) await cancel(id);
      return changed;
    },

    /**
     * Gives it a new secret, which is shown here and never again; the ones before sign on for the overlap, by the database's
     * clock. Null when the user has no such webhook; `rotated: false` while as many earlier ones sign as may.
     */
    async rotateSecret(owner: string, id: string, overlapS: number): Promise<Rotated | null> {
      return prisma.$transaction(async (transaction) => {
        await setActor(transaction, owner);
        await lockWebhook(transaction, owner, id);
        const before = await transaction.webhook.findFirst({ where: { id, owner } });
        if (!before) return null;
        // Once it has the lock: a transaction's own time is that of its beginning, however long it waited.
        const now = await readClock(transaction);
        const old = seal.open(before.sealedSecret, sealedFor.secret(id));
        const earlier = previousOf(before);
        const previous = rotate(old, earlier, { now, overlapS });
        if (previous === null) return { rotated: false, nextEnd: toDate(Math.min(...endsOf(stillValid(earlier, now)))) };
        const secret = createSecret();
        const webhook = await transaction.webhook.update({
          where: { id },
          data: {
            sealedSecret: sealBytes(secret, sealedFor.secret(id)),
            sealedPreviousSecrets:
              previous.length === 0 ? null : sealBytes(JSON.stringify(previous), sealedFor.previousSecrets(id)),
          },
        });
        return { rotated: true, webhook: toView(webhook), secret };
      });
    },

    /** Removes it and cancels what is pending; false when the user has no such webhook. */
    async remove(owner: string, id: string): Promise<boolean> {
      const { count } = await prisma.$transaction(async (transaction) => {
        await setActor(transaction, owner);
        return transaction.webhook.deleteMany({ where: { id, owner } });
      });
      if (count > 0) await cancel(id);
      return count > 0;
    },
  };
}

const toDate = (seconds: number) => new Date(1000 * seconds);
const endsOf = (previous: readonly PreviousSecret[]) => previous.map(({ until }) => until);
