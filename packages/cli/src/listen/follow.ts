import type { EventStore, StreamedEvent, TypePattern } from '@tidings/client';
import { sleep } from '../sleep.js';
import type { Server } from '../server.js';
import type { Forwarded, LoggedEvent } from './forward.js';
import type { Report } from './report.js';
import type { LogReader } from './log-reader.js';

/** Options of {@link follow}. */
export interface FollowOptions {
  server: Server;
  types: readonly string[];
  /** The id of the event after which to start; null: start with new events. */
  after: string | null;
  /** Stores the id of the last forwarded event. */
  store: Pick<EventStore, 'save'>;
  logReader: LogReader;
  forward: (event: LoggedEvent) => Promise<Forwarded>;
  /** How often a failed forward is retried. After that, the event is skipped. */
  retries: number;
  /** Returns whether the type is one of Tidings itself, which no webhook receives. */
  isSystemType: (type: string) => boolean;
  report: Report;
  stopped: AbortSignal;
}

const FIRST_RETRY_WAIT_MS = 500;
const LONGEST_RETRY_WAIT_MS = 30_000;

/** The command was stopped before the event was forwarded. The event is not stored, so the next start forwards it. */
class Stopped extends Error {}

/**
 * Forwards the events of the stream one at a time until `stopped` aborts; a request in flight is then finished. The id of an
 * event is stored once it was forwarded or skipped after its retries. Returns the number of successful forwards. Rejects with
 * the client's `StreamError` when the server refuses the stream.
 */
export async function follow(options: FollowOptions): Promise<number> {
  const { server, types, after, store, logReader, report, stopped } = options;
  let count = 0;
  let hasStarted = after !== null;
  if (after !== null) logReader.startAfter(after);
  try {
    await server.stream({
      ...(types.length === 0 ? {} : { types: types as readonly TypePattern[] }),
      ...(after === null ? {} : { lastEventId: after }),
      signal: stopped,
      store: {
        load: () => null,
        save(id) {
          // The stream sends the id of its start position before the first event.
          if (!hasStarted) logReader.startAfter(id);
          hasStarted = true;
          store.save(id);
        },
      },
      onGap({ oldestEventId }) {
        logReader.startAfter(undefined);
        report.gap(oldestEventId);
      },
      onReconnect: report.reconnecting,
      async onEvent(event) {
        if (await forwardOne(event, options)) count += 1;
      },
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return count;
}

/** Forwards one event, with retries. Returns whether it succeeded. */
async function forwardOne(event: StreamedEvent, options: FollowOptions): Promise<boolean> {
  const { logReader, forward, retries, isSystemType, report, stopped } = options;
  if (isSystemType(event.type)) {
    report.passedOver(event);
    return false;
  }
  const logged = await logReader.find(event.id).catch((error: unknown) => {
    throw stopped.aborted ? new Stopped() : error;
  });
  for (let attempt = 1; ; attempt += 1) {
    const forwarded = await forward({ ...event, ...logged });
    report.forwarded(event, forwarded, attempt);
    if (forwarded.error === null) return true;
    if (attempt > retries) return false;
    await sleep(Math.min(FIRST_RETRY_WAIT_MS * 2 ** (attempt - 1), LONGEST_RETRY_WAIT_MS), stopped);
    if (stopped.aborted) throw new Stopped();
  }
}
