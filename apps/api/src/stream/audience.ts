import { frame, joined, type Frame } from './frame.js';
import type { Session } from './session.js';
import type { StreamEvent } from './stream-event.js';

/** The sessions that get what happens. */
export interface Audience {
  join: (session: Session) => void;
  leave: (session: Session) => void;
  /** Writes events, in the order of the log, to those who may see them. */
  send: (events: readonly StreamEvent[]) => void;
}

/** Sessions with the same `?types=`. */
interface Group {
  types: ReadonlySet<string> | null;
  byUser: Map<string, Set<Session>>;
  /** All that are in `byUser`, in one set, so that what is for everyone need not be looked up (measured). */
  ofAllUsers: Set<Session>;
  seeingAll: Set<Session>;
}

/**
 * Each event is serialised once, what goes to a socket together is joined once for all who get the same, and nobody is
 * looked at who gets nothing: what an event costs goes by the connections that it is for.
 */
export function createAudience(): Audience {
  const groups = new Map<string, Group>();
  const keyOf = ({ types }: Session): string => (types === null ? '*' : [...types].sort().join());

  const write = (sessions: Iterable<Session>, { frame, count }: Portion): void => {
    for (const session of sessions) session.write(frame, count);
  };

  return {
    join(session) {
      const { types, userId, seesAll } = session;
      const group = entry(groups, keyOf(session), (): Group => ({
        types,
        byUser: new Map(),
        ofAllUsers: new Set(),
        seeingAll: new Set(),
      }));
      if (seesAll) {
        group.seeingAll.add(session);
      } else {
        group.ofAllUsers.add(session);
        entry(group.byUser, userId, () => new Set<Session>()).add(session);
      }
    },
    leave(session) {
      const group = groups.get(keyOf(session));
      if (!group) return;
      const own = group.byUser.get(session.userId);
      own?.delete(session);
      if (own?.size === 0) group.byUser.delete(session.userId);
      group.ofAllUsers.delete(session);
      group.seeingAll.delete(session);
      if (group.ofAllUsers.size + group.seeingAll.size === 0) groups.delete(keyOf(session));
    },
    send(events) {
      const portion = createPortions();
      for (const { types, byUser, ofAllUsers, seeingAll } of groups.values()) {
        const wanted = types === null ? events : events.filter(({ type }) => types.has(type));
        if (wanted.length === 0) continue;
        if (seeingAll.size > 0) write(seeingAll, portion(wanted));

        const users = new Set(wanted.map(({ userId }) => userId));
        const forEveryone = users.delete(null) ? portion(wanted.filter(({ userId }) => userId === null)) : undefined;
        if (forEveryone && users.size === 0) write(ofAllUsers, forEveryone);
        else if (forEveryone) {
          for (const [userId, sessions] of byUser) if (!users.has(userId)) write(sessions, forEveryone);
        }
        for (const user of users) {
          const sessions = byUser.get(user as string);
          if (sessions) write(sessions, portion(wanted.filter(({ userId }) => userId === null || userId === user)));
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
