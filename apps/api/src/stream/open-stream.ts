import type { Response } from 'express';
import {
  findPosition,
  lastVisibleEvent,
  readEvents,
  readOwnerEvents,
  type LogPage,
  type LogRange,
  type Queryable,
} from '@tidings/database';
import { LOGGED_EVENT_ID } from '@tidings/events';
import { Problem } from '../problems/problem.js';
import type { Subscribers } from './subscribers.js';
import { notice, type Frame } from './frame.js';
import type { Hub } from './hub.js';
import type { StreamMetrics } from './metrics.js';
import { catchUp } from './catch-up.js';
import { positionAfterGap } from './position-after-gap.js';
import { openSession, type Follower } from './session.js';
import type { Streams } from './streams.js';

/** The parts of a process that a stream needs. */
export interface StreamParts {
  sql: Queryable;
  hub: Pick<Hub, 'position' | 'restarts' | 'isInDoubt' | 'catchUp' | 'findLost' | 'findSent'>;
  subscribers: Subscribers;
  streams: Pick<Streams, 'admit' | 'add' | 'reconnectMs'>;
  metrics: StreamMetrics;
  /** The maximum size of data that waits in a client's socket, in bytes. */
  bufferBytes: number;
  /** The interval of the heartbeats of each stream, in milliseconds. */
  heartbeatMs: number;
}

/** The id of the position before the first event of the log. No event can have this id. */
const START_ID = '@start';
/** The beginning of a stream. */
interface Start {
  /** The position after which it begins. */
  position: number;
  /** The id from which the client resumes if it gets no event. */
  resumeId: string;
  firstFrame?: Frame;
  isGap?: boolean;
}

/** The size of one read of the log for one client. */
const PAGE = { limit: 200, maxBytes: 1024 * 1024 };

/**
 * Opens a stream of the client at `address` on a response, and sends the events after `lastEventId`. Resolves when the stream is live, or the client has
 * disconnected. Throws a `Problem` while nothing is sent yet. After that, an error closes the connection, and the client
 * reconnects with its last event id.
 */
export async function openStream(
  response: Response,
  { lastEventId, address, ...follower }: Follower & { lastEventId: string | undefined; address: string },
  { sql, hub, subscribers, streams, metrics, bufferBytes, heartbeatMs }: StreamParts,
): Promise<void> {
  // A response that is queued behind another one has no socket yet, and gets no events, not even `close`.
  if (response.socket === null) {
    throw new Problem(400, 'A stream needs a connection of its own', {
      detail: 'The previous response on this connection has not ended. Open the stream after it, or on another connection.',
    });
  }
  // `close` is emitted only once: a slot that is taken after it would never be freed.
  const hasDisconnected = (): boolean => response.closed;
  if (hasDisconnected()) return;
  streams.admit({ owner: follower.owner, address }, response);

  const types = follower.types && [...follower.types];
  const readPage = (range: LogRange): Promise<LogPage> =>
    follower.seesAll ? readEvents(sql, { ...range, types }) : readOwnerEvents(sql, follower.owner, { ...range, types });
  /** Previews are left out as the hub does, and not in SQL: there may be any number of them in a row. */
  const readSelected = async (range: { after: number; until: number }): Promise<LogPage> => {
    const page = await readPage({ ...range, ...PAGE });
    return types === null ? { ...page, events: page.events.filter(({ isPreview }) => !isPreview) } : page;
  };
  const viewer = follower.seesAll ? null : follower.owner;

  const findStart = async (): Promise<Start> => {
    if (!lastEventId) {
      const { position } = hub;
      const id = (await lastVisibleEvent(sql, viewer, position)) ?? START_ID;
      return { position, resumeId: id, firstFrame: notice('stream.open', { heartbeat_ms: heartbeatMs }, id) };
    }
    // A lost event may be in the log again, at another position, after it was published again.
    const position = hub.findLost(lastEventId) ? null : await positionOf(lastEventId, viewer, sql);
    if (position !== null) return { position, resumeId: lastEventId };
    const after = await positionAfterGap(lastEventId, viewer, hub);
    const [oldest] = (await readPage({ after, limit: 1 })).events;
    const gap = { last_event_id: lastEventId, oldest_event_id: oldest?.id ?? null };
    // A text that is no id is not sent back: it could hold line breaks. The client gets the same events from the start again.
    const resumeId = isEventId(lastEventId) ? lastEventId : START_ID;
    return { position: after, resumeId, firstFrame: notice('stream.gap', gap), isGap: true };
  };
  let start: Start;
  let restarts: number;
  do {
    ({ restarts } = hub);
    start = await findStart();
  } while (hub.restarts !== restarts);
  if (start.isGap) metrics.gap();
  // The client may have disconnected during the queries.
  if (hasDisconnected()) return;

  const session = openSession({
    ...follower,
    response,
    position: start.position,
    resumeId: start.resumeId,
    maxBufferedBytes: bufferBytes,
    reconnectMs: streams.reconnectMs,
    metrics,
  });
  streams.add(session, response);
  response.once('close', () => {
    subscribers.leave(session);
  });
  if (start.firstFrame) session.write(start.firstFrame);
  try {
    await catchUp(session, { hub, subscribers, metrics, readPage: readSelected });
  } catch (error) {
    session.destroy();
    throw error;
  }
}

/**
 * Returns the position of an event id; null for an unknown id. A text that cannot be an id is not queried: PostgreSQL
 * refuses texts with NUL characters.
 */
async function positionOf(id: string, viewer: string | null, sql: Queryable): Promise<number | null> {
  if (id === START_ID) return 0;
  return isEventId(id) ? findPosition(sql, viewer, id) : null;
}

const isEventId = (text: string): boolean => LOGGED_EVENT_ID.test(text);
