import type { Response } from 'express';
import { Problem } from '../problems/problem.js';
import type { StreamMetrics } from './metrics.js';
import type { Session } from './session.js';

interface StreamsOptions {
  /** The most streams of one user in this process. */
  perOwner: number;
  /** The most streams of this process. */
  max: number;
  /** How often each session gets a heartbeat, in milliseconds. */
  heartbeatMs: number;
  metrics: Pick<StreamMetrics, 'refused'>;
}

/** The streams of this process, from when they are asked for until their connections are free again. */
export interface Streams {
  /** How many there are. */
  readonly size: number;
  /**
   * Takes a place for a stream, until its response is closed. Throws a 429 when the user has as many as one may have, and
   * a 503 when the process has, or stops.
   */
  admit: (owner: string, response: Response) => void;
  /** Keeps a session that was begun in such a place alive, and ends it when its time has come. */
  add: (session: Session, response: Response) => void;
  /** How long a client is to wait before it connects again, in milliseconds: the more there are, the further apart. */
  reconnectMs: () => number;
  /** Ends the sessions of tokens that were revoked, and of users who were disabled. */
  endRefused: (refused: { isRevoked: (tokenId: string) => boolean; isDisabled: (owner: string) => boolean }) => void;
  /** Ends every session. One that comes later is ended at once. */
  stop: () => void;
}

/** Heartbeats are spread over so many turns, so that a process with many streams does not stand still at each. */
const HEARTBEAT_SLICES = 15;
/** What the socket has not taken so long after the end is given up, in milliseconds. */
const END_MS = 2000;
const RECONNECT_MS = 1000;
const RECONNECT_SPREAD_MS = 4000;
/** So many connections a second come back after a restart, if there were more than 4,000. */
const RECONNECTS_PER_MS = 1;
const OWNER_RETRY_S = 10;

/** One timer for all of them. */
export function createStreams({ perOwner, max, heartbeatMs, metrics }: StreamsOptions): Streams {
  const counts = new Map<string, number>();
  const sessions = new Map<Session, number>();
  let size = 0;
  let turn = 0;
  let nextTurn = 0;
  let stopped = false;

  const reconnectMs = (): number =>
    RECONNECT_MS + Math.random() * Math.max(RECONNECT_SPREAD_MS, sessions.size / RECONNECTS_PER_MS);

  const look = (): void => {
    const now = Date.now();
    turn = (turn + 1) % HEARTBEAT_SLICES;
    for (const [session, itsTurn] of sessions) {
      if (session.endedAt !== undefined) {
        if (now - session.endedAt >= END_MS) session.cutOff();
      } else if (session.expiresAt <= now) session.end('token_expired');
      else if (itsTurn === turn) session.beat();
    }
  };
  const timer = setInterval(look, heartbeatMs / HEARTBEAT_SLICES);
  const stopWhenEmpty = (): void => {
    if (stopped && sessions.size === 0) clearInterval(timer);
  };
  const refuse = (reason: 'owner' | 'process', problem: Problem): never => {
    metrics.refused(reason);
    throw problem;
  };

  return {
    get size() {
      return size;
    },
    reconnectMs,
    admit(owner, response) {
      const own = counts.get(owner) ?? 0;
      if (own >= perOwner) {
        refuse(
          'owner',
          new Problem(429, 'Too many streams', {
            detail: `You have ${String(perOwner)} streams open, as many as one user may have. Close one of them.`,
            headers: { 'retry-after': String(OWNER_RETRY_S) },
          }),
        );
      }
      if (size >= max || stopped) {
        refuse(
          'process',
          new Problem(503, 'No more streams', {
            detail: stopped ? 'This server stops.' : 'This server has as many streams as it may have.',
            headers: { 'retry-after': String(Math.ceil(reconnectMs() / 1000)) },
          }),
        );
      }
      size += 1;
      counts.set(owner, own + 1);
      response.once('close', () => {
        size -= 1;
        const left = (counts.get(owner) ?? 0) - 1;
        if (left === 0) counts.delete(owner);
        else counts.set(owner, left);
      });
    },
    add(session, response) {
      sessions.set(session, nextTurn);
      nextTurn = (nextTurn + 1) % HEARTBEAT_SLICES;
      response.once('close', () => {
        sessions.delete(session);
        stopWhenEmpty();
      });
      if (stopped) session.end();
    },
    endRefused({ isRevoked, isDisabled }) {
      for (const session of sessions.keys()) {
        if (isDisabled(session.owner)) session.end('owner_disabled');
        else if (session.tokenId !== undefined && isRevoked(session.tokenId)) session.end('token_revoked');
      }
    },
    stop() {
      stopped = true;
      for (const session of sessions.keys()) session.end();
      stopWhenEmpty();
    },
  };
}
