import {
  countWithMissing,
  endSupersededOf,
  readLogPart,
  readReplayChunk,
  replayDeliveries,
  replayWithMissing,
  type Ended,
  type MissingFilter,
  type PlannedChunk,
  type Queryable,
  type Replayed,
  type ReplayFilter,
  type Webhook,
} from '@tidings/database';
import type { HostPace } from './host-pace.js';
import type { ReplaySelection } from './selection.js';

interface ReplayParts {
  sql: Queryable;
  /** How many of the replayed deliveries become due in a second. */
  hostPace: HostPace;
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
export type Replay = (webhook: Pick<Webhook, 'id' | 'url' | 'eventTypes'>, selection: ReplaySelection) => Promise<ReplayResult>;

/**
 * Creates the function that replays the selected deliveries of a webhook: they become pending again, in the order of the event
 * log, one chunk in each commit. After an interruption the same request continues: deliveries of the committed chunks are
 * pending, so no longer terminal, and are not selected again.
 *
 * Deliveries that were pending when the webhook was disabled are shown as cancelled or skipped at once, but workers end them in
 * chunks. The rest of them is ended first, so that a replay selects what the delivery log shows.
 *
 * Webhooks at one host share a pace: each further one that is replayed there gets a smaller part of it, whoever owns it.
 *
 * With `missing` it walks the events instead of the deliveries, and adds those that the webhook has no delivery for.
 */
export function createReplay({ sql, hostPace, onEnded }: ReplayParts): Replay {
  const endSuperseded = async (webhookId: string): Promise<void> => {
    for (;;) {
      const ended = await endSupersededOf(sql, webhookId);
      if (ended === null || ended.cancelled + ended.skipped === 0) return;
      onEnded?.(ended);
    }
  };

  /** Replays the deliveries that a filter selects, and yields what each commit replayed, or would for a dry run. */
  async function* replayExisting(filter: ReplayFilter, dryRun: boolean, pace: number): AsyncGenerator<Part> {
    for (let cursor: string | null = ''; cursor !== null;) {
      const planned: PlannedChunk = await readReplayChunk(sql, filter, cursor);
      cursor = planned.cursor;
      if (planned.chunk === null) continue;
      yield dryRun ? { count: planned.chunk.count } : await replayDeliveries(sql, filter, planned.chunk, pace);
    }
  }

  /** Does the same for events with and without a delivery. */
  async function* replayEvents(filter: MissingFilter, dryRun: boolean, pace: number): AsyncGenerator<Part> {
    const { after: start, through } = await readLogPart(sql, filter);
    for (let after: string | null = start; after !== null;) {
      if (dryRun) {
        const counted: { cursor: string | null; count: number } = await countWithMissing(sql, filter, { after, through });
        after = counted.cursor;
        yield { count: counted.count };
      } else {
        const { cursor, replayed } = await replayWithMissing(sql, filter, { after, through }, pace);
        after = cursor;
        yield replayed;
      }
    }
  }

  return async (webhook, { since, until, status, event_types: types, missing, dry_run: dryRun }) => {
    const { id: webhookId, eventTypes } = webhook;
    await endSuperseded(webhookId);
    const filter = { webhookId, since, until: until ?? null, statuses: status, types: types ?? null };
    const result: ReplayResult = { count: 0, dry_run: dryRun, first_attempt_at: null, last_attempt_at: null };
    const replayAll = async (pace: number): Promise<number> => {
      const parts = missing
        ? replayEvents({ ...filter, patterns: eventTypes }, dryRun, pace)
        : replayExisting(filter, dryRun, pace);
      for await (const part of parts) {
        if (part === null) continue;
        result.count += part.count;
        result.first_attempt_at ??= part.from ?? null;
        result.last_attempt_at = part.until ?? result.last_attempt_at;
      }
      return result.count;
    };
    if (dryRun) await replayAll(1);
    else await hostPace.plan(webhook, replayAll);
    return result;
  };
}

/** The deliveries of one commit, or of a dry run; null: none. */
type Part = (Pick<Replayed, 'count'> & Partial<Replayed>) | null;
