import { ConflictingEventError, derivedEventId, type Accept } from '@tidings/accept';
import type { Expired, ExpiringDeliveries } from '@tidings/database';
import { systemCatalog } from '@tidings/events';

interface ExpirePausedParts {
  /** Reads a page of the webhooks whose owners are to be notified, behind the webhook with this id. */
  readExpiring: (after: string) => Promise<{ expiring: ExpiringDeliveries[]; cursor: string | null }>;
  accept: Accept;
  markExpiring: (expiring: ExpiringDeliveries) => Promise<void>;
  /** Skips a chunk of the deliveries of one webhook, the first one at or behind a place; null when there are no more. */
  skipExpired: (from: Pick<Expired, 'period' | 'webhookId'>) => Promise<Expired | null>;
  /** Called for deliveries that ended, for the metrics. */
  onEnded: (status: 'skipped', count: number) => void;
  log: { warn: (message: string, details: object) => void };
}

/**
 * Creates one round of the periodic task for paused webhooks with deliveries that outlive the retention time. It publishes a
 * `webhook.expiring` event on the owner's stream, once for each pause and period of the log, and later skips the deliveries, so
 * that their period of the log can be dropped. The event's id is derived from the webhook, the period and the pause, so that an
 * interrupted round publishes it once, though the number and the times have changed since.
 */
export function createExpirePaused(parts: ExpirePausedParts) {
  const { readExpiring, accept, markExpiring, skipExpired, onEnded, log } = parts;

  const notify = async (expiring: ExpiringDeliveries): Promise<void> => {
    const { webhookId, owner, pausedBy, occasion, period, count, oldestAt, skippedAfter } = expiring;
    const data = {
      user_id: owner,
      webhook_id: webhookId,
      paused_by: pausedBy,
      deliveries: count,
      oldest_at: oldestAt.toISOString(),
      skipped_after: skippedAfter.toISOString(),
    };
    const id = derivedEventId('webhook.expiring', webhookId, period, occasion);
    const event = systemCatalog.validateSystemEvent({ id, type: 'webhook.expiring', data });
    try {
      await accept([event]);
    } catch (error) {
      // An interrupted round has published it with the times and the number of that moment.
      if (!(error instanceof ConflictingEventError)) throw error;
    }
    await markExpiring(expiring);
    log.warn('Deliveries of a paused webhook are about to expire.', { webhook_id: webhookId, count });
  };

  return async (isStopping: () => boolean): Promise<void> => {
    for (let after: string | null = ''; after !== null && !isStopping();) {
      const page: { expiring: ExpiringDeliveries[]; cursor: string | null } = await readExpiring(after);
      for (const expiring of page.expiring) await notify(expiring);
      after = page.cursor;
    }
    let from = { period: '', webhookId: '' };
    while (!isStopping()) {
      const expired = await skipExpired(from);
      if (expired === null) return;
      const { period, webhookId, skipped, more } = expired;
      if (skipped > 0) onEnded('skipped', skipped);
      if (skipped > 0)
        log.warn('Deliveries of a paused webhook have expired and are skipped.', { webhook_id: webhookId, count: skipped });
      // No id is between the two.
      from = { period, webhookId: more ? webhookId : `${webhookId} ` };
    }
  };
}
