/** What two events may not differ in while they have the same id. */
interface Identified {
  id: string;
  type: string;
  data: string;
}

export interface Call<Event> {
  number: number;
  events: readonly Event[];
}

export interface Arranged<Event> {
  /** Those in which an id means one event. */
  together: Call<Event>[];
  /** Those that mean another event by an id than a call before them: they come after it is known whether that was written. */
  later: Call<Event>[];
  /** Those that mean two events by one id, and by which. */
  contradictory: { number: number; ids: string[] }[];
}

/** Which calls one commit can take. */
export function arrangeCalls<Event extends Identified>(calls: readonly Call<Event>[]): Arranged<Event> {
  const arranged: Arranged<Event> = { together: [], later: [], contradictory: [] };
  const meant = new Map<string, Event>();
  for (const call of calls) {
    const own = new Map<string, Event>();
    const ids = new Set<string>();
    for (const event of call.events) {
      if (differ(own.get(event.id), event)) ids.add(event.id);
      own.set(event.id, event);
    }
    if (ids.size > 0) arranged.contradictory.push({ number: call.number, ids: [...ids] });
    else if (call.events.some((event) => differ(meant.get(event.id), event))) arranged.later.push(call);
    else {
      arranged.together.push(call);
      for (const event of call.events) meant.set(event.id, event);
    }
  }
  return arranged;
}

function differ(one: Identified | undefined, other: Identified): boolean {
  return one !== undefined && (one.type !== other.type || one.data !== other.data);
}
