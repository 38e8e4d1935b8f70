import { EXIT, Failure } from '../failure.js';
import { sleep } from '../sleep.js';
import { unwrap, type Server } from '../server.js';
import type { LoggedEvent } from './forward.js';
import { START } from './since.js';

/** Looks up the times and versions of events. A webhook gets both, the stream has neither, so they come from the event log. */
export interface LogReader {
  /** Returns what the log has of an event that the stream has just sent. Rejects when the log no longer has it, or on `stopped`. */
  find: (eventId: string) => Promise<Logged>;
  /** Sets the position of the stream: after this event; undefined: before the oldest event. */
  startAfter: (eventId: string | undefined) => void;
}

type Logged = Pick<LoggedEvent, 'timestamp' | 'version'>;

const PAGE = 200;
const RETRY_MS = 1000;

/**
 * Reads the event log in parallel with the stream, which has the same order. It reads pages, so that catching up takes one request
 * for 200 events. While the server does not respond, or answers 429, the request is repeated every second.
 *
 * @param types the patterns of the stream; empty: all events but previews of versions
 */
export function createLogReader(server: Server, types: readonly string[], stopped: AbortSignal): LogReader {
  let cursor: string | undefined;
  let eventsById = new Map<string, Logged>();

  const readPage = async (): Promise<boolean> => {
    const selected = types.length === 0 ? {} : { types: types.join(',') };
    const query = { limit: PAGE, ...selected, ...(cursor === undefined ? {} : { cursor }) };
    try {
      const { data, next_cursor: next } = await unwrap(server, server.api.GET('/api/events', { params: { query } }));
      eventsById = new Map(data.map(({ id, timestamp, version }) => [id, { timestamp, version }]));
      // A page may be empty although the log goes on: then its cursor has moved.
      const hasMoved = next !== null && next !== cursor;
      cursor = next ?? cursor;
      return hasMoved;
    } catch (error) {
      const status = error instanceof Failure ? (error.details as { status?: number }).status : undefined;
      // The log no longer contains the event of the cursor: read from its oldest event.
      if (status === 400 && cursor !== undefined) cursor = undefined;
      else if (!(error instanceof Failure) || (error.exitCode !== EXIT.unreachable && status !== 429)) throw error;
      else await sleep(RETRY_MS, stopped);
      return true;
    }
  };

  return {
    async find(eventId) {
      for (;;) {
        const logged = eventsById.get(eventId);
        if (logged !== undefined) return logged;
        if (stopped.aborted) throw new Error('Stopped.');
        if (!(await readPage())) {
          throw new Failure(
            EXIT.refused,
            `${eventId} is no longer in the server's event log. Start again to forward the remaining events.`,
          );
        }
      }
    },
    startAfter(eventId) {
      cursor = eventId === START ? undefined : eventId;
      eventsById = new Map();
    },
  };
}
