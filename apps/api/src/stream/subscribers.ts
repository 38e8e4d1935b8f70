import { patternsMatching } from '@tidings/events';
import { frame, joined, type Frame } from './frame.js';
import type { Session } from './session.js';
import type { StreamEvent } from './stream-event.js';

/** The live sessions of this process. */
export interface Subscribers {
  /** Adds a session, which gets all events that are sent from now on and that it may see. */
  join: (session: Session) => void;
  /** Removes a session; does nothing for an unknown one. */
  leave: (session: Session) => void;
  /** Writes events, which come in the order of the log, to the sessions that may see them. */
  send: (events: readonly StreamEvent[]) => void;
}

/** Sessions with the same `?types=`. */
interface Group {
  types: ReadonlySet<string> | null;
  byOwner: Map<string, Set<Session>>;
  /** All sessions of `byOwner` in one set, which is faster for events for everyone (measured). */
  ofAllOwners: Set<Session>;
  seeingAll: Set<Session>;
}

/**
 * Creates an empty set of subscribers. Each event is serialized once, a batch is joined once for all sessions that get the
 * same batch, and sessions that get nothing are not visited: the cost of an event depends on the number of its recipients.
 */
export function createSubscribers(): Subscribers {
  const groups = new Map<string, Group>();
  const keyOf = ({ types }: Session): string => (types === null ? '*' : [...types].sort().join());

  const write = (sessions: Iterable<Session>, { frame, count }: Batch): void => {
    for (const session of sessions) session.write(frame, count);
  };

  return {
    join(session) {
      const { types, owner, seesAll } = session;
      const group = getOrMake(groups, keyOf(session), (): Group => ({
        types,
        byOwner: new Map(),
        ofAllOwners: new Set(),
        seeingAll: new Set(),
      }));
      if (seesAll) {
        group.seeingAll.add(session);
      } else {
        group.ofAllOwners.add(session);
        getOrMake(group.byOwner, owner, () => new Set<Session>()).add(session);
      }
    },
    leave(session) {
      const group = groups.get(keyOf(session));
      if (!group) return;
      const ownerSessions = group.byOwner.get(session.owner);
      ownerSessions?.delete(session);
      if (ownerSessions?.size === 0) group.byOwner.delete(session.owner);
      group.ofAllOwners.delete(session);
      group.seeingAll.delete(session);
      if (group.ofAllOwners.size + group.seeingAll.size === 0) groups.delete(keyOf(session));
    },
    send(events) {
      const encodeBatch = createBatchEncoder();
      const isWanted = createSelection();
      for (const { types, byOwner, ofAllOwners, seeingAll } of groups.values()) {
        const wanted = events.filter((event) => isWanted(event, types));
        if (wanted.length === 0) continue;
        if (seeingAll.size > 0) write(seeingAll, encodeBatch(wanted));

        const owners = new Set(wanted.map(({ owner }) => owner));
        const forEveryone = owners.delete(null) ? encodeBatch(wanted.filter(({ owner }) => owner === null)) : undefined;
        if (forEveryone && owners.size === 0) write(ofAllOwners, forEveryone);
        else if (forEveryone) {
          for (const [owner, sessions] of byOwner) if (!owners.has(owner)) write(sessions, forEveryone);
        }
        for (const recipient of owners) {
          const sessions = byOwner.get(recipient as string);
          if (sessions) write(sessions, encodeBatch(wanted.filter(({ owner }) => owner === null || owner === recipient)));
        }
      }
    },
  };
}

/** Returns the map's value for the key; makes and stores it when there is none. */
function getOrMake<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Returns a function that tells whether patterns select an event, and finds the patterns that match an event only once. */
function createSelection(): (event: StreamEvent, selected: ReadonlySet<string> | null) => boolean {
  const patterns = new Map<StreamEvent, readonly string[]>();
  return (event, selected) => {
    if (selected === null) return !event.isPreview;
    const { type, version, isPreview } = event;
    const matching = patterns.get(event) ?? [`${type}@${String(version)}`, ...(isPreview ? [] : patternsMatching(type))];
    patterns.set(event, matching);
    return matching.some((pattern) => selected.has(pattern));
  };
}

/** Events that a socket gets in one write. */
interface Batch {
  frame: Frame;
  count: number;
}

/** Returns a function that encodes batches, and encodes each event only once. */
function createBatchEncoder(): (events: readonly StreamEvent[]) => Batch {
  const frames = new Map<StreamEvent, Frame>();
  return (events) => ({
    count: events.length,
    frame: joined(
      events.map((event) => {
        const encoded = frames.get(event) ?? frame(event);
        frames.set(event, encoded);
        return encoded;
      }),
    ),
  });
}
