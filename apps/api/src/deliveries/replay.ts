import { endSupersededOf, planReplay, replayDeliveries, type Ended, type Queryable } from '@tidings/database';
import type { ReplaySelection } from './selection.js';

interface ReplayParts {
  sql: Queryable;
  /** The most replayed deliveries of one webhook that become due in a second. */
  perSecond: number;
  /** Called with the number of deliveries that were still to be ended, for the metrics. Default: not called. */
  onEnded?: (ended: Ended) => void;
}

/** The response body of `POST /api/webhooks/{id}/replay`. */
export interface ReplayResult {
  count: number;
  dry_run: boolean;
  /** When the first and the last replayed delivery are due; null if there are none, and for a dry run. */
  first_attempt_at: Date | null;
  last_attempt_at: Date | null;
}

/** Replays the selected deliveries of a webhook, or counts them for a dry run. The caller must have checked the webhook's owner. */
export type Replay = (webhookId: string, selection: ReplaySelection) => Promise<ReplayResult>;

/**
 * Creates the function that replays the selected deliveries of a webhook: they become pending again, in the order of the event
 * log, one chunk in each commit. After an interruption the same request continues: deliveries of the committed chunks are
 * pending, so no longer terminal, and are not selected again.
 *
 * Deliveries that were pending when the webhook was disabled are shown as cancelled or skipped at once, but workers end them in
 * chunks. The rest of them is ended first, so that a replay selects what the delivery log shows.
 */
export function createReplay({ sql, perSecond, onEnded }: ReplayParts): Replay {
  const endSuperseded = async (webhookId: string): Promise<void> => {
    for (;;) {
      const ended = await endSupersededOf(sql, webhookId);
      if (ended === null || ended.cancelled + ended.skipped === 0) return;
      onEnded?.(ended);
    }
  };

  return async (webhookId, { since, until, status, event_types: types, dry_run: dryRun }) => {
    await endSuperseded(webhookId);
    const filter = { webhookId, since, until: until ?? null, statuses: status, types: types ?? null };
    const chunks = await planReplay(sql, filter);
    const result: ReplayResult = { count: 0, dry_run: dryRun, first_attempt_at: null, last_attempt_at: null };
    for (const chunk of chunks) {
      if (dryRun) {
        result.count += chunk.count;
        continue;
      }
      const replayed = await replayDeliveries(sql, filter, chunk, perSecond);
      if (replayed === null) continue;
      result.count += replayed.count;
      result.first_attempt_at ??= replayed.from;
      result.last_attempt_at = replayed.until;
    }
    return result;
  };
}
