import { EXIT, Failure } from '../failure.js';
import { sleep } from '../sleep.js';
import { unwrap, type Server } from '../server.js';
import { START } from './since.js';

/** Looks up the times of events. The body of a webhook contains the time, the stream does not, so it comes from the event log. */
export interface Timestamps {
  /** Returns the time (ISO 8601) of an event that the stream has just sent. Rejects when the log no longer has it, or on `stopped`. */
  find: (eventId: string) => Promise<string>;
  /** Sets the position of the stream: after this event; undefined: before the oldest event. */
  startAfter: (eventId: string | undefined) => void;
}

const PAGE = 200;
const RETRY_MS = 1000;

/**
 * Reads the event log in parallel with the stream, which has the same order. It reads pages, so that catching up takes one request
 * for 200 events. While the server does not respond, or answers 429, the request is repeated every second.
 */
export function createTimestamps(server: Server, stopped: AbortSignal): Timestamps {
  let cursor: string | undefined;
  let timesById = new Map<string, string>();

  const readPage = async (): Promise<boolean> => {
    const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    try {
      const { data, next_cursor: next } = await unwrap(server, server.api.GET('/api/events', { params: { query } }));
      timesById = new Map(data.map(({ id, timestamp }) => [id, timestamp]));
      cursor = next ?? cursor;
      return data.length > 0;
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
        const timestamp = timesById.get(eventId);
        if (timestamp !== undefined) return timestamp;
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
      timesById = new Map();
    },
  };
}
