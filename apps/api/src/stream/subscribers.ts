import { frame, joined, type Frame } from './frame.js';
import type { Session } from './session.js';
import type { StreamEvent } from './stream-event.js';

/** The sessions that get what happens. */
export interface Subscribers {
  join: (session: Session) => void;
  leave: (session: Session) => void;
  /** Writes events, in the order of the log, to those who may see them. */
  send: (events: readonly StreamEvent[]) => void;
}

/** Sessions with the same `?types=`. */
interface Group {
  types: ReadonlySet<string> | null;
  byOwner: Map<string, Set<Session>>;
  /** All that are in `byOwner`, in one set, so that what is for everyone need not be looked up (measured). */
  ofAllOwners: Set<Session>;
  seeingAll: Set<Session>;
}

/**
 * Each event is serialised once, what goes to a socket together is joined once for all who get the same, and nobody is
 * looked at who gets nothing: what an event costs goes by the connections that it is for.
 */
export function createSubscribers(): Subscribers {
  const groups = new Map<string, Group>();
  const keyOf = ({ types }: Session): string => (types === null ? '*' : [...types].sort().join());

  const write = (sessions: Iterable<Session>, { frame, count }: Portion): void => {
    for (const session of sessions) session.write(frame, count);
  };

  return {
    join(session) {
      const { types, owner, seesAll } = session;
      const group = entry(groups, keyOf(session), (): Group => ({
        types,
        byOwner: new Map(),
        ofAllOwners: new Set(),
        seeingAll: new Set(),
      }));
      if (seesAll) {
        group.seeingAll.add(session);
      } else {
        group.ofAllOwners.add(session);
        entry(group.byOwner, owner, () => new Set<Session>()).add(session);
      }
    },
    leave(session) {
      const group = groups.get(keyOf(session));
      if (!group) return;
      const own = group.byOwner.get(session.owner);
      own?.delete(session);
      if (own?.size === 0) group.byOwner.delete(session.owner);
      group.ofAllOwners.delete(session);
      group.seeingAll.delete(session);
      if (group.ofAllOwners.size + group.seeingAll.size === 0) groups.delete(keyOf(session));
    },
    send(events) {
      const portion = createPortions();
      for (const { types, byOwner, ofAllOwners, seeingAll } of groups.values()) {
        const wanted = types === null ? events : events.filter(({ type }) => types.has(type));
        if (wanted.length === 0) continue;
        if (seeingAll.size > 0) write(seeingAll, portion(wanted));

        const users = new Set(wanted.map(({ owner }) => owner));
        const forEveryone = users.delete(null) ? portion(wanted.filter(({ owner }) => owner === null)) : undefined;
        if (forEveryone && users.size === 0) write(ofAllOwners, forEveryone);
        else if (forEveryone) {
          for (const [owner, sessions] of byOwner) if (!users.has(owner)) write(sessions, forEveryone);
        }
        for (const user of users) {
          const sessions = byOwner.get(user as string);
          if (sessions) write(sessions, portion(wanted.filter(({ owner }) => owner === null || owner === user)));
        }
      }
    },
  };
}

/** What the map has for the key, made if there is nothing yet. */
function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** What goes to a socket in one write. */
interface Portion {
  frame: Frame;
  count: number;
}

function createPortions(): (events: readonly StreamEvent[]) => Portion {
  const frames = new Map<StreamEvent, Frame>();
  return (events) => ({
    count: events.length,
    frame: joined(
      events.map((event) => {
        const made = frames.get(event) ?? frame(event);
        frames.set(event, made);
        return made;
      }),
    ),
  });
}
