import { derivedEventId, type Accept } from '@tidings/accept';
import type { DisabledWebhook } from '@tidings/database';
import type { Catalog } from '@tidings/events';

interface TellOwnersParts {
  readUntold: () => Promise<DisabledWebhook[]>;
  accept: Accept;
  markTold: (webhook: DisabledWebhook) => Promise<void>;
  catalog: Pick<Catalog, 'validateOwn'>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * One round: every webhook that Tidings disabled gets its `webhook.disabled` event on its owner's stream. The event's id
 * follows from what it tells, so that a round which is cut short, or two at once, tell it once.
 */
export function createTellOwners({ readUntold, accept, markTold, catalog, log }: TellOwnersParts) {
  return async (): Promise<void> => {
    for (const webhook of await readUntold()) {
      const { id, userId, reason } = webhook;
      const disabledAt = webhook.disabledAt.toISOString();
      const event = catalog.validateOwn({
        id: derivedEventId('webhook.disabled', id, disabledAt),
        type: 'webhook.disabled',
        timestamp: disabledAt,
        data: { user_id: userId, webhook_id: id, reason, disabled_at: disabledAt },
      });
      await accept([event]);
      await markTold(webhook);
      log.warn('A webhook was disabled.', { webhook_id: id, reason });
    }
  };
}
