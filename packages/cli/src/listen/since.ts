import { InvalidArgumentError } from 'commander';
import { LOGGED_EVENT_ID } from '@tidings/events';
import { parseTime } from '../option-values.js';
import { unwrap, type Server } from '../server.js';

/** The stream's position before the first event of the log. */
export const START = '@start';

const PAGE = 200;

/**
 * Parses `--since`: `start`, a time (or how long ago), or the id of the event after which to start. Throws commander's error for
 * any other text.
 */
export function parseSince(text: string): string | Date {
  if (text === 'start') return START;
  try {
    return parseTime(text);
  } catch {
    if (LOGGED_EVENT_ID.test(text)) return text;
    throw new InvalidArgumentError("Write it as 2h or 7d (ago), 2026-11-24T10:00:00Z, an event's id, or start.");
  }
}

/**
 * Returns the id of the last event before the first one at or after `time`; `@start` when there is none before it. Reads the log
 * from its start, 200 events with each request.
 */
export async function lastEventBefore(server: Server, time: Date): Promise<string> {
  let before = START;
  for (;;) {
    const query = { limit: PAGE, ...(before === START ? {} : { cursor: before }) };
    const { data } = await unwrap(server, server.api.GET('/api/events', { params: { query } }));
    const first = data.findIndex(({ timestamp }) => Date.parse(timestamp) >= time.getTime());
    const last = first === -1 ? data.at(-1) : data[first - 1];
    before = last?.id ?? before;
    if (first !== -1 || data.length === 0) return before;
  }
}
