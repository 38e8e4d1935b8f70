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
import { EVENT_ID } from '@tidings/events';
import { Problem } from '../problems/problem.js';
import type { Subscribers } from './subscribers.js';
import { notice, type Frame } from './frame.js';
import type { Hub } from './hub.js';
import type { StreamMetrics } from './metrics.js';
import { catchUp } from './catch-up.js';
import { openSession, type Follower } from './session.js';
import type { Streams } from './streams.js';

/** What streams are opened with. */
export interface StreamParts {
  sql: Queryable;
  hub: Pick<Hub, 'position' | 'catchUp'>;
  audience: Subscribers;
  streams: Pick<Streams, 'admit' | 'add' | 'reconnectMs'>;
  metrics: StreamMetrics;
  /** What a client has not taken is bounded by this, in bytes. */
  bufferBytes: number;
  /** How often each stream gets a heartbeat, in milliseconds. */
  heartbeatMs: number;
}

/** Before the first event of the log; no event can have this id. */
const START = '@start';
/** So much of the log is read at once for one client. */
const PAGE = { limit: 200, maxBytes: 1024 * 1024 };

/**
 * Opens a stream on a response, and brings it to what is live. Resolves then, or when the client has gone. Throws a
 * `Problem` before anything was sent; later it closes the connection, and the client comes back and says where it was.
 */
export async function openStream(
  response: Response,
  { lastEventId, ...follower }: Follower & { lastEventId: string | undefined },
  { sql, hub, audience, streams, metrics, bufferBytes, heartbeatMs }: StreamParts,
): Promise<void> {
  // One that waits behind another answer on its connection is told of nothing, not even that the connection is gone.
  if (response.socket === null) {
    throw new Problem(400, 'A stream needs a connection of its own', {
      detail: 'The answer before it on this connection has not ended. Open the stream when it has, or on another connection.',
    });
  }
  // A client that went away is noticed once, and nobody would give its place back.
  const hasLeft = (): boolean => response.closed;
  if (hasLeft()) return;
  streams.admit(follower.owner, response);

  const types = follower.types && [...follower.types];
  const readPage = (range: LogRange): Promise<LogPage> =>
    follower.seesAll ? readEvents(sql, { ...range, types }) : readOwnerEvents(sql, follower.owner, { ...range, types });
  const viewer = follower.seesAll ? null : follower.owner;
  const now = hub.position;
  const known = lastEventId ? await positionOf(lastEventId, viewer, sql) : now;
  let first: Frame | undefined;
  if (!lastEventId) {
    first = notice('stream.open', { heartbeat_ms: heartbeatMs }, (await lastVisibleEvent(sql, viewer, now)) ?? START);
  } else if (known === null) {
    metrics.gap();
    const [oldest] = (await readPage({ after: 0, limit: 1 })).events;
    first = notice('stream.gap', { last_event_id: lastEventId, oldest_event_id: oldest?.id ?? null });
  }
  // Or while the log was asked.
  if (hasLeft()) return;

  const session = openSession({
    ...follower,
    response,
    position: known ?? 0,
    maxBufferedBytes: bufferBytes,
    reconnectMs: streams.reconnectMs,
    metrics,
  });
  streams.add(session, response);
  response.once('close', () => {
    audience.leave(session);
  });
  if (first) session.write(first);
  try {
    await catchUp(session, { hub, audience, metrics, readPage: (range) => readPage({ ...range, ...PAGE }) });
  } catch (error) {
    session.cutOff();
    throw error;
  }
}

/** What cannot be an event's id is not asked of the database: PostgreSQL refuses texts with a NUL. */
async function positionOf(id: string, viewer: string | null, sql: Queryable): Promise<number | null> {
  if (id === START) return 0;
  return EVENT_ID.test(id) ? findPosition(sql, viewer, id) : null;
}
