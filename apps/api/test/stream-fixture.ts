import { createSubscribers, type Subscribers } from '../src/stream/subscribers.js';
import type { Frame } from '../src/stream/frame.js';
import { createHub, type Hub } from '../src/stream/hub.js';
import type { StreamMetrics } from '../src/stream/metrics.js';
import { catchUp } from '../src/stream/catch-up.js';
import type { Session } from '../src/stream/session.js';
import type { StreamEvent, StreamPage } from '../src/stream/stream-event.js';

const ignore = (): void => undefined;
export const NO_METRICS: StreamMetrics = {
  sent: ignore,
  clientCaughtUp: ignore,
  gap: ignore,
  ended: ignore,
  refused: ignore,
  announced: ignore,
  caughtUp: ignore,
};

/** A session that notes what it gets, instead of writing to a socket. */
export function fakeSession(options: Partial<Session> & Pick<Session, 'owner'>) {
  const got: string[] = [];
  /** Of each frame, how many events it was said to hold. */
  const counts: number[] = [];
  const session = {
    seesAll: false,
    types: null,
    position: 0,
    tokenId: undefined,
    expiresAt: Infinity,
    open: true,
    endedAt: undefined,
    write: ({ content }: Frame, events = 0) => {
      counts.push(events);
      if (session.open) got.push(...[...content.toString().matchAll(/^id: (.+)$/gm)].map(([, id]) => String(id)));
    },
    drained: () => undefined,
    beat: ignore,
    end: () => {
      session.open = false;
    },
    cutOff: ignore,
    ...options,
  };
  return { session, got, counts };
}

/** Some turns of the event loop, in which what is under way goes on. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

/** An API process that is connected to a log: its reads take a while, and fail while the log is away. */
export function fakeProcess(read: (range: { after: number; until?: number }) => StreamEvent[], pageSize = 5) {
  let readTurns = 1;
  let isAway = false;
  let reads = 0;
  const readPage = async (
    range: { after: number; until?: number },
    isVisible: (event: StreamEvent) => boolean = () => true,
  ): Promise<StreamPage> => {
    reads += 1;
    // As of now, whatever is committed before the answer comes.
    const events = read(range).filter(isVisible);
    const away = isAway;
    await turns(readTurns);
    if (away) throw new Error('The log is away.');
    return { events: events.slice(0, pageSize), complete: events.length < pageSize };
  };
  const audience: Subscribers = createSubscribers();
  const hub: Hub = createHub({ readPage: (after) => readPage({ after }), audience, metrics: NO_METRICS, log: { warn: ignore } });
  hub.start(0);
  return {
    hub,
    audience,
    reads: () => reads,
    slowDown: (count: number) => (readTurns = count),
    setAway: (away: boolean) => (isAway = away),
    replay: (session: Session) =>
      catchUp(session, {
        hub,
        audience,
        metrics: NO_METRICS,
        readPage: (range) => readPage(range, ({ owner }) => owner === null || owner === session.owner),
      }),
  };
}
