import { derivedEventId, type Accept } from '@tidings/accept';
import type { DisabledWebhook } from '@tidings/database';
import type { Catalog } from '@tidings/events';

interface TellOwnersParts {
  readUnnotified: () => Promise<DisabledWebhook[]>;
  accept: Accept;
  markNotified: (webhook: DisabledWebhook) => Promise<void>;
  catalog: Pick<Catalog, 'validateOwn'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * One round: every webhook that Tidings disabled gets its `webhook.disabled` event on its owner's stream. The event's id
 * follows from what it tells, so that a round which is cut short, or two at once, tell it once.
 */
export function createNotifyOwners({ readUnnotified, accept, markNotified, catalog, log }: TellOwnersParts) {
  return async (): Promise<void> => {
    for (const webhook of await readUnnotified()) {
      const { id, owner, reason } = webhook;
      const disabledAt = webhook.disabledAt.toISOString();
      const event = catalog.validateOwn({
        id: derivedEventId('webhook.disabled', id, disabledAt),
        type: 'webhook.disabled',
        timestamp: disabledAt,
        data: { user_id: owner, webhook_id: id, reason, disabled_at: disabledAt },
      });
      await accept([event]);
      await markNotified(webhook);
      log.warn('A webhook was disabled.', { webhook_id: id, reason });
    }
  };
}
