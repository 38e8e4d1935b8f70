import { EXIT, Failure } from '../failure.js';
import { pause } from '../pause.js';
import { ask, type Server } from '../server.js';
import { START } from './since.js';

/** When events happened, which the body of a webhook says and the stream does not: the log does. */
export interface Timestamps {
  /** Of an event that the stream has just sent. Rejects when the log no longer has it, or `stopped` says so. */
  of: (eventId: string) => Promise<string>;
  /** The stream begins, or goes on, behind this event; undefined: with the oldest there is. */
  startBehind: (eventId: string | undefined) => void;
}

const PAGE = 200;
const AGAIN_MS = 1000;

/**
 * Reads the log beside the stream, which has the same order: a page at a time, so that catching up takes one request for
 * 200 events. While the server does not answer, or asks for patience, it is asked again.
 */
export function createTimestamps(server: Server, stopped: AbortSignal): Timestamps {
  let cursor: string | undefined;
  let known = new Map<string, string>();

  const readPage = async (): Promise<boolean> => {
    const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    try {
      const { data, next_cursor: next } = await ask(server, server.api.GET('/api/events', { params: { query } }));
      known = new Map(data.map(({ id, timestamp }) => [id, timestamp]));
      cursor = next ?? cursor;
      return data.length > 0;
    } catch (error) {
      const status = error instanceof Failure ? (error.details as { status?: number }).status : undefined;
      // The event behind which the stream went on is no longer in the log.
      if (status === 400 && cursor !== undefined) cursor = undefined;
      else if (!(error instanceof Failure) || (error.exitCode !== EXIT.unreachable && status !== 429)) throw error;
      else await pause(AGAIN_MS, stopped);
      return true;
    }
  };

  return {
    async of(eventId) {
      for (;;) {
        const timestamp = known.get(eventId);
        if (timestamp !== undefined) return timestamp;
        if (stopped.aborted) throw new Error('Stopped.');
        if (!(await readPage())) {
          throw new Failure(EXIT.refused, `${eventId} is no longer in the server's log. Start again: what is left is forwarded.`);
        }
      }
    },
    startBehind(eventId) {
      cursor = eventId === START ? undefined : eventId;
      known = new Map();
    },
  };
}
