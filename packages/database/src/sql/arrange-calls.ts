/** The fields in which two events with the same id must not differ. */
interface Identified {
  id: string;
  type: string;
  data: string;
}

/** The events of one call, with its number among the calls of a batch. */
export interface Call<Event> {
  /** The index of the call in the batch, from 0. */
  number: number;
  events: readonly Event[];
}

/** Calls, by whether one commit can take them. */
export interface Arranged<Event> {
  /** Calls that one commit can take: each id means one event. */
  together: Call<Event>[];
  /** Calls that use an id for another event than an earlier call does. They follow once it is known whether that call was written. */
  later: Call<Event>[];
  /** Calls that use one id for two events, with these ids. */
  contradictory: { number: number; ids: string[] }[];
}

/** Whether two texts are JSON of the same value. */
export type SameData = (one: string, other: string) => boolean;

/** Separates the calls that one commit can take from those that must follow, and from those that contradict themselves. */
export function arrangeCalls<Event extends Identified>(calls: readonly Call<Event>[], isSame: SameData): Arranged<Event> {
  const differ = (one: Identified | undefined, other: Identified): boolean =>
    one !== undefined && (one.type !== other.type || !isSame(one.data, other.data));
  const arranged: Arranged<Event> = { together: [], later: [], contradictory: [] };
  const eventById = new Map<string, Event>();
  for (const call of calls) {
    const eventInCall = new Map<string, Event>();
    const ids = new Set<string>();
    for (const event of call.events) {
      if (differ(eventInCall.get(event.id), event)) ids.add(event.id);
      eventInCall.set(event.id, event);
    }
    if (ids.size > 0) arranged.contradictory.push({ number: call.number, ids: [...ids] });
    else if (call.events.some((event) => differ(eventById.get(event.id), event))) arranged.later.push(call);
    else {
      arranged.together.push(call);
      for (const event of call.events) eventById.set(event.id, event);
    }
  }
  return arranged;
}
