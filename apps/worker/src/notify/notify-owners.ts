import { derivedEventId, type Accept } from '@tidings/accept';
import type { DisabledWebhook } from '@tidings/database';
import { systemCatalog } from '@tidings/events';

interface NotifyOwnersParts {
  readUnnotified: () => Promise<DisabledWebhook[]>;
  accept: Accept;
  markNotified: (webhook: DisabledWebhook) => Promise<void>;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Creates one round of the periodic task that publishes a `webhook.disabled` event for every disabled webhook, on the stream
 * of its owner. The event's id is derived from its content, so that an interrupted round, or two rounds at once, publish it
 * once. A round throws when PostgreSQL is away.
 */
export function createNotifyOwners({ readUnnotified, accept, markNotified, log }: NotifyOwnersParts) {
  return async (): Promise<void> => {
    for (const webhook of await readUnnotified()) {
      const { id, owner, reason } = webhook;
      const disabledAt = webhook.disabledAt.toISOString();
      const event = systemCatalog.validateSystemEvent({
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
