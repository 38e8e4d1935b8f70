import type { EventStore, StreamedEvent, TypePattern } from '@tidings/client';
import { pause } from '../pause.js';
import type { Server } from '../server.js';
import type { Forwarded, LoggedEvent } from './forward.js';
import type { Report } from './report.js';
import type { Timestamps } from './timestamps.js';

export interface FollowParts {
  server: Server;
  types: readonly string[];
  /** Go on behind this event; null: begin with what happens from now on. */
  after: string | null;
  /** Where the last event that was forwarded is remembered. */
  store: Pick<EventStore, 'save'>;
  timestamps: Timestamps;
  forward: (event: LoggedEvent) => Promise<Forwarded>;
  /** How often a forward that failed is tried again. Then it is passed over. */
  retries: number;
  /** Whether no webhook gets events of this type. */
  isOwn: (type: string) => boolean;
  report: Report;
  stopped: AbortSignal;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** It was stopped before the event was forwarded: the event is not remembered, and comes again at the next start. */
class Stopped extends Error {}

/**
 * Forwards each event of the stream, one after the other, until it is stopped; a request that is under way then is finished.
 * An event is remembered once it was forwarded, or given up. Answers with how many arrived. Rejects with the client's
 * `StreamError` when the server refuses the stream.
 */
export async function follow(parts: FollowParts): Promise<number> {
  const { server, types, after, store, timestamps, report, stopped } = parts;
  let count = 0;
  let begun = after !== null;
  if (after !== null) timestamps.startBehind(after);
  try {
    await server.stream({
      ...(types.length === 0 ? {} : { types: types as readonly TypePattern[] }),
      ...(after === null ? {} : { lastEventId: after }),
      signal: stopped,
      store: {
        load: () => null,
        save(id) {
          // The stream says where it begins before it sends anything.
          if (!begun) timestamps.startBehind(id);
          begun = true;
          store.save(id);
        },
      },
      onGap({ oldestEventId }) {
        timestamps.startBehind(undefined);
        report.gap(oldestEventId);
      },
      onReconnect: report.reconnecting,
      async onEvent(event) {
        if (await forwardOne(event, parts)) count += 1;
      },
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return count;
}

/** Whether the event arrived. */
async function forwardOne(event: StreamedEvent, parts: FollowParts): Promise<boolean> {
  const { timestamps, forward, retries, isOwn, report, stopped } = parts;
  if (isOwn(event.type)) {
    report.passedOver(event);
    return false;
  }
  const timestamp = await timestamps.of(event.id).catch((error: unknown) => {
    throw stopped.aborted ? new Stopped() : error;
  });
  for (let attempt = 1; ; attempt += 1) {
    const forwarded = await forward({ ...event, timestamp });
    report.forwarded(event, forwarded, attempt);
    if (forwarded.error === null) return true;
    if (attempt > retries) return false;
    await pause(Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS), stopped);
    if (stopped.aborted) throw new Stopped();
  }
}
