import { planReplay, replayDeliveries, type Queryable } from '@tidings/database';
import type { ReplaySelection } from './selection.js';

interface ReplayParts {
  sql: Queryable;
  /** How many replayed deliveries of one webhook are due in a second. */
  perSecond: number;
}

/** What `POST /api/webhooks/{id}/replay` answers with. */
export interface ReplayAnswer {
  count: number;
  dry_run: boolean;
  /** When the first and the last one are due; null when there are none, and in a dry run. */
  first_attempt_at: Date | null;
  last_attempt_at: Date | null;
}

export type Replay = (webhookId: string, selection: ReplaySelection) => Promise<ReplayAnswer>;

/**
 * Makes many of a webhook's deliveries pending again, in the order of the log, a chunk in each commit. When it breaks off,
 * the same request goes on where it ended: what is pending already is not terminal.
 */
export function createReplay({ sql, perSecond }: ReplayParts): Replay {
  return async (webhookId, { since, until, status, event_types: types, dry_run: dryRun }) => {
    const filter = { webhookId, since, until: until ?? null, statuses: status, types: types ?? null };
    const chunks = await planReplay(sql, filter);
    const answer: ReplayAnswer = { count: 0, dry_run: dryRun, first_attempt_at: null, last_attempt_at: null };
    for (const chunk of chunks) {
      if (dryRun) {
        answer.count += chunk.count;
        continue;
      }
      const replayed = await replayDeliveries(sql, filter, chunk, perSecond);
      if (replayed === null) continue;
      answer.count += replayed.count;
      answer.first_attempt_at ??= replayed.from;
      answer.last_attempt_at = replayed.until;
    }
    return answer;
  };
}
