import { frame, HEARTBEAT, notice, type FramedEvent } from './frame.js';
import type { Session } from './session.js';

/** An event with its place in the log. */
export interface StreamEvent extends FramedEvent {
  position: number;
  /** The one user who may see it; null: everyone. */
  userId: string | null;
}

interface HubParts {
  /** The log after a position, in order. */
  readEvents: (options: { after: number; limit: number }) => Promise<StreamEvent[]>;
  /** How often each session gets a heartbeat, in milliseconds. */
  heartbeatMs: number;
  log: { warn: (message: string, details: object) => void };
}

export interface Hub {
  /** The position up to which every live session has everything. */
  readonly position: number;
  /** Begins at the end of the log. */
  start: (position: number) => void;
  /** Events were committed. A hint: what it leaves out is read from the log. */
  announce: (events: readonly StreamEvent[]) => void;
  /** Reads from the log whatever was not announced: after a doubt, such as a lost connection to Redis. */
  catchUp: () => Promise<void>;
  /** A session that joins after the stop is ended at once. */
  join: (session: Session) => void;
  leave: (session: Session) => void;
  /** Ends the sessions of tokens that were revoked. */
  endRevoked: (isRevoked: (tokenId: string) => boolean) => void;
  /** Ends every session. */
  stop: () => void;
}

const PAGE = 500;

/**
 * Knows the sessions, and writes each event to those that may see it: once serialised, in the log's one order. The
 * log is the truth: positions become visible in their order, so an announcement that is not the next one means that
 * others are on their way, and all of them are read from the log.
 */
export function createHub({ readEvents, heartbeatMs, log }: HubParts): Hub {
  const sessions = new Map<string, Set<Session>>();
  let position = 0;
  let catchingUp: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function* all(): Generator<Session> {
    for (const group of sessions.values()) yield* group;
  }

  const dispatch = (event: StreamEvent): void => {
    if (event.position <= position) return;
    position = event.position;
    const audience = event.userId === null ? [...sessions.values()] : [sessions.get(event.userId) ?? []];
    let bytes: Buffer | undefined;
    for (const group of audience) {
      for (const session of group) {
        if (!session.live || event.position <= session.position) continue;
        session.position = event.position;
        if (session.types === null || session.types.has(event.type)) session.write((bytes ??= frame(event)));
      }
    }
  };

  const readRest = async (): Promise<void> => {
    try {
      let events: StreamEvent[];
      do {
        events = await readEvents({ after: position, limit: PAGE });
        events.forEach(dispatch);
      } while (events.length === PAGE);
    } catch (error) {
      log.warn('The stream could not be caught up from the log; it is tried again with the next event or heartbeat.', { error });
    }
  };

  /** A doubt that arises during a read may be about what that read no longer sees, so one more follows it. */
  let again = false;
  const catchUp = async (): Promise<void> => {
    again = true;
    catchingUp ??= (async () => {
      while (again) {
        again = false;
        await readRest();
      }
    })().finally(() => {
      catchingUp = undefined;
    });
    await catchingUp;
  };

  const beat = (): void => {
    const now = Date.now();
    for (const session of all()) {
      if (session.expiresAt <= now) session.end(notice('stream.end', { reason: 'token_expired' }));
      else session.write(HEARTBEAT);
    }
    void catchUp();
  };

  return {
    get position() {
      return position;
    },
    start(from) {
      position = from;
      timer = setInterval(beat, heartbeatMs);
    },
    announce(events) {
      for (const event of events) {
        if (event.position > position + 1) {
          void catchUp();
          return;
        }
        dispatch(event);
      }
    },
    catchUp,
    join(session) {
      if (stopped) {
        session.end();
        return;
      }
      const group = sessions.get(session.userId) ?? new Set();
      sessions.set(session.userId, group.add(session));
    },
    leave(session) {
      const group = sessions.get(session.userId);
      group?.delete(session);
      if (group?.size === 0) sessions.delete(session.userId);
    },
    endRevoked(isRevoked) {
      for (const session of all()) {
        if (session.tokenId !== undefined && isRevoked(session.tokenId)) {
          session.end(notice('stream.end', { reason: 'token_revoked' }));
        }
      }
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      for (const session of all()) session.end();
    },
  };
}
