import { createSubscribers, type Subscribers } from '../src/stream/subscribers.js';
import type { Frame } from '../src/stream/frame.js';
import { createHub, type Hub } from '../src/stream/hub.js';
import type { KnownEvent } from '../src/stream/known-events.js';
import type { StreamMetrics } from '../src/stream/metrics.js';
import { catchUp } from '../src/stream/catch-up.js';
import type { Session } from '../src/stream/session.js';
import type { StreamEvent, StreamPage } from '../src/stream/stream-event.js';

const ignore = (): void => undefined;
/** Metrics that record nothing. */
export const NO_METRICS: StreamMetrics = {
  sent: ignore,
  clientCaughtUp: ignore,
  gap: ignore,
  putBack: ignore,
  ended: ignore,
  refused: ignore,
  announced: ignore,
  caughtUp: ignore,
};

/** Creates a session that records the ids of its events in `got`, instead of writing to a socket. */
export function fakeSession(options: Partial<Session> & Pick<Session, 'owner'>) {
  const got: string[] = [];
  /** The declared number of events of each frame. */
  const counts: number[] = [];
  const session = {
    seesAll: false,
    types: null,
    position: 0,
    tokenId: undefined,
    issuedAt: undefined,
    expiresAt: Infinity,
    isOpen: true,
    endedAt: undefined,
    write: ({ content }: Frame, events = 0) => {
      counts.push(events);
      if (session.isOpen) got.push(...[...content.toString().matchAll(/^id: (.+)$/gm)].map(([, id]) => String(id)));
    },
    drained: () => undefined,
    sendHeartbeat: ignore,
    end: () => {
      session.isOpen = false;
    },
    destroy: ignore,
    ...options,
  };
  return { session, got, counts };
}

/** Lets pending callbacks run for `count` iterations of the event loop. */
export async function yieldToEventLoop(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await new Promise(setImmediate);
}

/**
 * Creates an API process on a log. Its reads take some iterations of the event loop, and fail while the log is not available.
 * The process ends its open sessions when the log was put back.
 */
export function fakeProcess(read: (range: { after: number; until?: number }) => StreamEvent[], pageSize = 5) {
  let readIterations = 1;
  let isUnavailable = false;
  let reads = 0;
  const open = new Set<Session>();
  /** Answers a query with its result at the time of the call; later commits are not in it. */
  const query = async <Result>(run: () => Result): Promise<Result> => {
    reads += 1;
    const result = run();
    const fails = isUnavailable;
    await yieldToEventLoop(readIterations);
    if (fails) throw new Error('The log is not available.');
    return result;
  };
  const readPage = (
    range: { after: number; until?: number },
    isVisible: (event: StreamEvent) => boolean = () => true,
  ): StreamPage => {
    const events = read(range).filter(isVisible);
    return {
      events: events.slice(0, pageSize),
      next: events.length < pageSize ? null : (events[pageSize - 1]?.position ?? null),
    };
  };
  const isMissing = ({ position, id }: KnownEvent): boolean => {
    const before = read({ after: -1, until: position });
    return before.length > 0 && before.at(-1)?.id !== id;
  };
  const subscribers: Subscribers = createSubscribers();
  const hub: Hub = createHub({
    readPage: ({ after, remembered }) => query(() => ({ ...readPage({ after }), isPutBack: remembered.some(isMissing) })),
    readNewest: (limit) => query(() => read({ after: 0 }).slice(-limit)),
    subscribers,
    endSessions() {
      for (const session of open) session.end('log_put_back');
      open.clear();
    },
    metrics: NO_METRICS,
    log: { warn: ignore, error: ignore },
  });
  return {
    hub,
    subscribers,
    reads: () => reads,
    slowDown: (iterations: number) => (readIterations = iterations),
    setUnavailable: (unavailable: boolean) => (isUnavailable = unavailable),
    catchUp: (session: Session) => {
      open.add(session);
      return catchUp(session, {
        hub,
        subscribers,
        metrics: NO_METRICS,
        readPage: (range) => query(() => readPage(range, ({ owner }) => owner === null || owner === session.owner)),
      });
    },
  };
}
