import type { Response } from 'express';
import { createCounts } from '../limits/counts.js';
import { Problem } from '../problems/problem.js';
import type { StreamMetrics } from './metrics.js';
import type { EndReason } from './notices.js';
import type { Follower, Session } from './session.js';

interface StreamsOptions {
  /** The maximum number of streams of one owner in this process. */
  perOwner: number;
  /** The maximum number of streams from one address in this process; 0: no limit. */
  perAddress: number;
  /** The maximum number of streams of this process. */
  max: number;
  /** The interval of the heartbeats of each session, in milliseconds. */
  heartbeatMs: number;
  metrics: Pick<StreamMetrics, 'refused'>;
}

/** The client of a stream. */
export interface StreamClient {
  owner: string;
  /** The network that counts as one client. */
  address: string;
}

/** Who is refused now. */
interface Refused {
  isRevoked: (session: Follower) => boolean;
  isDisabled: (owner: string) => boolean;
}

/** The streams of this process, from their request until their response is closed. */
export interface Streams {
  /** The number of streams. */
  readonly size: number;
  /**
   * Takes a slot for a stream, until its response is closed. Throws a 429 when the owner or the address has the maximum number of
   * streams, and a 503 when the process has. A stopping process admits streams, which end immediately: after a 503 an `EventSource`
   * would never reconnect.
   */
  admit: (client: StreamClient, response: Response) => void;
  /** Sends heartbeats to an admitted session, and ends it when its token expires. */
  add: (session: Session, response: Response) => void;
  /** Returns a random time that a client waits before it reconnects, in milliseconds. The more sessions, the longer its range. */
  reconnectMs: () => number;
  /** Ends the sessions of revoked tokens and of disabled owners. */
  endRefused: (refused: Refused) => void;
  /** Ends all sessions, with a reason after which their clients reconnect. */
  endAll: (reason: EndReason) => void;
  /** Ends all sessions. A session that is added later ends immediately. */
  stop: () => void;
}

/**
 * Each heartbeat interval is divided into this many slices, and a session belongs to one of them: a process with many
 * streams never sends all heartbeats at once.
 */
const HEARTBEAT_SLICES = 15;
/** The time after its end at which a session's connection is closed, also when data still waits, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2000;
const RECONNECT_MS = 1000;
const RECONNECT_SPREAD_MS = 4000;
/** The rate of reconnecting clients after a restart, if there were more than 4,000: a thousand a second. */
const RECONNECTS_PER_MS = 1;
const RETRY_S = 10;

/** Creates the registry of streams. One timer serves all sessions. */
export function createStreams({ perOwner, perAddress, max, heartbeatMs, metrics }: StreamsOptions): Streams {
  const owners = createCounts();
  const addresses = createCounts();
  const sessions = new Map<Session, number>();
  let size = 0;
  let slice = 0;
  let nextSlice = 0;
  let isStopped = false;
  /** Who is refused, as of the last call: a session that was opened meanwhile is checked when it is added. */
  let refused: Refused | undefined;

  const reconnectMs = (): number =>
    RECONNECT_MS + Math.random() * Math.max(RECONNECT_SPREAD_MS, sessions.size / RECONNECTS_PER_MS);

  const checkSessions = (): void => {
    const now = Date.now();
    slice = (slice + 1) % HEARTBEAT_SLICES;
    for (const [session, sessionSlice] of sessions) {
      if (session.endedAt !== undefined) {
        if (now - session.endedAt >= CLOSE_TIMEOUT_MS) session.destroy();
      } else if (session.expiresAt <= now) session.end('token_expired');
      else if (sessionSlice === slice) session.sendHeartbeat();
    }
  };
  const timer = setInterval(checkSessions, heartbeatMs / HEARTBEAT_SLICES);
  const stopWhenEmpty = (): void => {
    if (isStopped && sessions.size === 0) clearInterval(timer);
  };
  const endIfRefused = (session: Session): void => {
    if (refused?.isDisabled(session.owner)) session.end('owner_disabled');
    else if (refused?.isRevoked(session)) session.end('token_revoked');
  };
  const refuse = (reason: 'owner' | 'address' | 'process', problem: Problem): never => {
    metrics.refused(reason);
    throw problem;
  };

  return {
    get size() {
      return size;
    },
    reconnectMs,
    admit({ owner, address }, response) {
      if (owners.of(owner) >= perOwner) {
        refuse(
          'owner',
          new Problem(429, 'Too many streams', {
            detail: `You have ${String(perOwner)} open streams, the maximum for one owner. Close one of them.`,
            headers: { 'retry-after': String(RETRY_S) },
          }),
        );
      }
      if (perAddress > 0 && addresses.of(address) >= perAddress) {
        refuse(
          'address',
          new Problem(429, 'Too many streams', {
            detail: `There are ${String(perAddress)} open streams from your address, the maximum for one address. Close one of them.`,
            headers: { 'retry-after': String(RETRY_S) },
          }),
        );
      }
      if (size >= max) {
        refuse(
          'process',
          new Problem(503, 'No more streams', {
            detail: 'This server has as many streams as it allows.',
            headers: { 'retry-after': String(Math.ceil(reconnectMs() / 1000)) },
          }),
        );
      }
      size += 1;
      owners.add(owner);
      addresses.add(address);
      response.once('close', () => {
        size -= 1;
        owners.remove(owner);
        addresses.remove(address);
      });
    },
    add(session, response) {
      sessions.set(session, nextSlice);
      nextSlice = (nextSlice + 1) % HEARTBEAT_SLICES;
      response.once('close', () => {
        sessions.delete(session);
        stopWhenEmpty();
      });
      if (isStopped) session.end();
      else endIfRefused(session);
    },
    endRefused(now) {
      refused = now;
      for (const session of sessions.keys()) endIfRefused(session);
    },
    endAll(reason) {
      for (const session of sessions.keys()) session.end(reason);
    },
    stop() {
      isStopped = true;
      for (const session of sessions.keys()) session.end();
      stopWhenEmpty();
    },
  };
}
