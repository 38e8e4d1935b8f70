import { v7 as uuidv7 } from 'uuid';
import {
  deleteWebhook,
  HASTEN_LIMIT,
  hastenDeliveries,
  lockOwner,
  lockWebhook,
  readClock,
  requestVerification,
  REGISTRATION_KEY_S,
  setActor,
  updateWebhook,
  type Database,
  type Transaction,
} from '@tidings/database';
import {
  createSecret,
  rotate,
  sealedFor,
  sealHeaders,
  stillValid,
  type HeadersOwner,
  type PreviousSecret,
  type Seal,
} from '@tidings/secrets';
import type { Admit } from '../deliveries/admit.js';
import type { HostPace } from '../deliveries/host-pace.js';
import { impliedChanges, toColumns, verificationOf } from './columns.js';
import { createOpener } from './open-webhook.js';
import type { Registration, RegistrationChange } from './registration.js';
import { webhookToJson, type WebhookView, type WebhookWithSecret } from './view.js';

/**
 * The result of a registration. `limit`: the maximum number of webhooks, which the owner has reached. `reason`: why there is no
 * webhook. An answer of an earlier registration has dates as text.
 */
export type Registered =
  | { registered: true; id: string; answer: WebhookWithSecret }
  | { registered: false; reason: 'limit'; limit: number }
  | { registered: false; reason: 'disabled' }
  | { registered: false; reason: 'key_taken' };

/** An `Idempotency-Key`, and the digest of the registration that it is used for. */
export interface RegistrationKeyUse {
  key: string;
  digest: Buffer;
}

/**
 * The result of a change. `disabled_by_operator`: an operator disabled the webhook, and the change would have enabled it.
 * `headers_stay`: the new URL has another origin, and the change does not say what becomes of the headers.
 */
export type Changed =
  { changed: true; webhook: WebhookView } | { changed: false; reason: 'disabled_by_operator' | 'headers_stay' };

/**
 * The result of a rotation. `nextEnd`: the maximum number of previous secrets sign already, and the first of them expires at
 * this time.
 */
export type Rotated = { rotated: true; webhook: WebhookView; secret: string } | { rotated: false; nextEnd: Date };

interface RegistryParts {
  database: Database;
  /** Reads webhooks that are not changed. */
  reading: Pick<Database, 'prisma'>;
  seal: Seal;
  /** The maximum number of webhooks of an owner without a limit of its own, which an operator may set. */
  perOwner: number;
  /** Whether a webhook with this URL gets no events until its receiver has answered a challenge. */
  mustVerify: (url: string) => boolean;
  /** Gives the free slots of these webhooks to their waiting deliveries at once, when they are resumed. */
  admit: Admit;
  /** Plans the retries that wait when the URL of their webhook is changed. */
  hostPace: Pick<HostPace, 'plan'>;
}

const HASTEN_CHUNKS = 10;

/** Reads and writes webhooks for their owners. */
export type Registry = ReturnType<typeof createRegistry>;

/** Creates the registry of webhooks. Every method takes the owner, and sees only the owner's webhooks (I7). */
export function createRegistry({ database, reading, seal, perOwner, mustVerify, admit, hostPace }: RegistryParts) {
  const { prisma, pool } = database;

  const { previousOf, toView } = createOpener(seal);
  const sealBytes = (text: string, owner: string) => new Uint8Array(seal.seal(text, owner));
  const sealedOf = (webhook: HeadersOwner, headers: Record<string, string>) =>
    Object.keys(headers).length === 0 ? null : new Uint8Array(sealHeaders(seal, webhook, headers));

  /** Returns the result of the registration that the key was used for; null when it was used for none in the last 24 hours. */
  const findEarlier = async (transaction: Transaction, owner: string, use: RegistrationKeyUse): Promise<Registered | null> => {
    const earlier = await transaction.registrationKey.findUnique({ where: { owner_key: { owner, key: use.key } } });
    if (!earlier || earlier.createdAt.getTime() / 1000 <= (await readClock(transaction)) - REGISTRATION_KEY_S) return null;
    if (!use.digest.equals(earlier.digest)) return { registered: false, reason: 'key_taken' };
    const { webhookId: id, sealedAnswer } = earlier;
    const answer = JSON.parse(seal.open(sealedAnswer, sealedFor.registration(id))) as WebhookWithSecret;
    return { registered: true, id, answer };
  };

  /** Makes the retries of the webhook due at the pace of its host; beyond ten thousand they keep their times. */
  const hasten = async (webhook: HeadersOwner): Promise<void> => {
    await hostPace.plan(webhook, async (perSecond) => {
      let count = 0;
      for (let chunk = 0; chunk < HASTEN_CHUNKS && count === chunk * HASTEN_LIMIT; chunk += 1)
        count += await hastenDeliveries(pool, webhook.id, perSecond);
      return count;
    });
  };

  return {
    /**
     * Registers a webhook with a new secret, which is returned only here, and again for the same key and registration within
     * 24 hours: an answer that was lost on its way loses no secret, and makes no second webhook. Returns `registered: false` at
     * the owner's limit, or when the key was used for another registration.
     *
     * @param use undefined: the registration has no key
     */
    async register(owner: string, { headers, ...fields }: Registration, use?: RegistrationKeyUse): Promise<Registered> {
      const id = `wh_${uuidv7()}`;
      const secret = createSecret();
      return prisma.$transaction(async (transaction) => {
        // One registration of an owner at a time: parallel ones would all count the same number.
        await lockOwner(transaction, owner);
        await setActor(transaction, { id: owner, kind: 'owner' });
        const settings = await transaction.ownerSettings.findUnique({ where: { owner } });
        if (settings?.disabledAt) return { registered: false, reason: 'disabled' };
        const earlier = use && (await findEarlier(transaction, owner, use));
        if (earlier) return earlier;
        const limit = settings?.webhooksLimit ?? perOwner;
        if ((await transaction.webhook.count({ where: { owner } })) >= limit) {
          return { registered: false, reason: 'limit', limit };
        }
        const sealedSecret = sealBytes(secret, sealedFor.secret(id));
        const webhook = await transaction.webhook.create({
          data: {
            ...toColumns(fields),
            url: fields.url,
            id,
            owner,
            sealedSecret,
            sealedHeaders: sealedOf({ id, url: fields.url }, headers),
            ownerPausedAt: fields.paused ? new Date() : null,
            ...verificationOf(mustVerify(fields.url)),
          },
        });
        const answer = { ...webhookToJson(toView(webhook)), secret };
        if (use) {
          const digest = new Uint8Array(use.digest);
          const sealedAnswer = sealBytes(JSON.stringify(answer), sealedFor.registration(id));
          const used = { digest, webhookId: id, sealedAnswer, createdAt: new Date((await readClock(transaction)) * 1000) };
          await transaction.registrationKey.upsert({
            where: { owner_key: { owner, key: use.key } },
            create: { owner, key: use.key, ...used },
            update: used,
          });
        }
        return { registered: true, id, answer };
      });
    },

    /** Returns up to `limit` webhooks that are older than the one with the id `before`, newest first. */
    async list(owner: string, { limit, before: id }: { limit: number; before?: string | undefined }): Promise<WebhookView[]> {
      const before = id === undefined ? {} : { id: { lt: id } };
      const webhooks = await reading.prisma.webhook.findMany({
        where: { owner, ...before },
        orderBy: { id: 'desc' },
        take: limit,
      });
      return webhooks.map(toView);
    },

    /** Returns one webhook; null when the owner has no such webhook. */
    async find(owner: string, id: string): Promise<WebhookView | null> {
      const webhook = await reading.prisma.webhook.findFirst({ where: { id, owner } });
      return webhook && toView(webhook);
    },

    /**
     * Changes the fields in `change` and the columns that they imply; null when the owner has no such webhook. It reads without
     * a lock and writes in one statement, which changes nothing if the values that it read have changed meanwhile: then it
     * starts again. So a process that freezes in between holds up no delivery.
     *
     * The headers, which may hold credentials, go to the origin that they were given for (I13): a change of it has to name them.
     *
     * No delivery is claimed after a pause was committed: a claim locks the webhook's row, as this does. After a resume the first
     * waiting deliveries are enqueued at once.
     *
     * Disabling takes as long however many deliveries are pending: no attempt of them begins after it, they are shown as
     * cancelled from then on, and workers end them.
     */
    async change(owner: string, id: string, change: RegistrationChange): Promise<Changed | null> {
      const { headers, ...fields } = change;
      for (;;) {
        const before = await prisma.webhook.findFirst({ where: { id, owner } });
        if (!before) return null;
        const { url, disabledReason, sealedHeaders } = before;
        if (change.enabled === true && disabledReason === 'operator') return { changed: false, reason: 'disabled_by_operator' };
        const leavesOrigin = change.url !== undefined && new URL(change.url).origin !== new URL(url).origin;
        if (leavesOrigin && headers === undefined && sealedHeaders !== null) return { changed: false, reason: 'headers_stay' };
        const changed = await updateWebhook(pool, {
          id,
          actor: { id: owner, kind: 'owner' },
          fields: {
            ...toColumns(fields),
            ...(headers === undefined ? {} : { sealedHeaders: sealedOf({ id, url: change.url ?? url }, headers) }),
            ...impliedChanges(before, change, mustVerify),
          },
          unchanged: { url, disabledReason, sealedHeaders },
        });
        if (!changed) continue;
        if (change.paused === false) await admit([id]);
        // What the receiver at the earlier URL answered does not hold back what goes to another one.
        if (change.url !== undefined && change.url !== url) await hasten({ id, url: change.url });
        const webhook = await prisma.webhook.findFirst({ where: { id, owner } });
        return webhook && { changed: true, webhook: toView(webhook) };
      }
    },

    /**
     * Gives the webhook a new secret, which is returned only here. Previous secrets still sign for `overlapS` seconds, by the
     * database's clock. Returns null when the owner has no such webhook, and `rotated: false` while the maximum number of
     * previous secrets sign.
     */
    async rotateSecret(owner: string, id: string, overlapS: number): Promise<Rotated | null> {
      return prisma.$transaction(async (transaction) => {
        await setActor(transaction, { id: owner, kind: 'owner' });
        await lockWebhook(transaction, owner, id);
        const before = await transaction.webhook.findFirst({ where: { id, owner } });
        if (!before) return null;
        // The clock is read after the lock: `now()` is the start of the transaction, however long it waited.
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

    /**
     * Lets a worker send the next challenge to the receiver of a webhook now. Returns false when the owner has no such webhook,
     * or it does not wait until its URL is verified.
     */
    verify(owner: string, id: string): Promise<boolean> {
      return requestVerification(pool, owner, id);
    },

    /**
     * Removes the webhook; false when the owner has no such webhook. Like disabling, it leaves the pending deliveries to workers.
     */
    remove(owner: string, id: string): Promise<boolean> {
      return deleteWebhook(pool, owner, id);
    },
  };
}

const toDate = (seconds: number) => new Date(1000 * seconds);
const endsOf = (previous: readonly PreviousSecret[]) => previous.map(({ until }) => until);
