import { InvalidArgumentError } from 'commander';
import { EVENT_ID } from '@tidings/events';
import { moment } from '../moment.js';
import { ask, type Server } from '../server.js';

/** Before the first event of the log, for the stream. */
export const START = '@start';

const PAGE = 200;

/** The option `--since`: an event's id, behind which to begin, `start`, or when. Throws commander's error for an argument that is none. */
export function since(text: string): string | Date {
  if (text === 'start') return START;
  try {
    return moment(text);
  } catch {
    if (EVENT_ID.test(text)) return text;
    throw new InvalidArgumentError("Write it as 2h or 7d ago, 2026-11-24T10:00:00Z, an event's id, or start.");
  }
}

/** The event behind which the stream has everything from a time on. It reads the log up to there, 200 events with each request. */
export async function eventBefore(server: Server, time: Date): Promise<string> {
  let before = START;
  for (;;) {
    const query = { limit: PAGE, ...(before === START ? {} : { cursor: before }) };
    const { data } = await ask(server, server.api.GET('/api/events', { params: { query } }));
    const first = data.findIndex(({ timestamp }) => Date.parse(timestamp) >= time.getTime());
    const last = first === -1 ? data.at(-1) : data[first - 1];
    before = last?.id ?? before;
    if (first !== -1 || data.length === 0) return before;
  }
}
