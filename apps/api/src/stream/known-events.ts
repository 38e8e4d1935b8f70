import type { StreamEvent } from './stream-event.js';

/** An event as a hub remembers it. */
export type KnownEvent = Pick<StreamEvent, 'position' | 'id' | 'owner'>;

/** The newest events that a hub has sent or is about to send. */
export interface KnownEvents {
  /** Adds the next event of the log. It replaces the oldest one when the memory is full. */
  add: (event: KnownEvent) => void;
  /** Returns the event at a position; undefined when it is not remembered. */
  at: (position: number) => KnownEvent | undefined;
  /** Returns the event with an id; undefined when it is not remembered. Reads the whole memory. */
  find: (id: string) => KnownEvent | undefined;
  /** Compares the memory with the newest events of a log that was put back; undefined when they have no event in common. */
  compareWith: (newest: readonly KnownEvent[]) => Loss | undefined;
}

/** The events that a log lost when it was put back. */
export interface Loss {
  /** The position of the newest event that is in the log and in the memory. */
  after: number;
  /** By their ids. */
  events: ReadonlyMap<string, KnownEvent>;
}

/**
 * Creates an empty memory. Each position has a fixed slot, so adding an event costs one write. Positions that were never
 * given leave an older event in their slot, which is still true.
 */
export function createKnownEvents(capacity: number): KnownEvents {
  const slots = Array.from<KnownEvent | undefined>({ length: capacity });
  const at = (position: number): KnownEvent | undefined => {
    const event = slots[position % capacity];
    return event?.position === position ? event : undefined;
  };
  return {
    add({ position, id, owner }) {
      slots[position % capacity] = { position, id, owner };
    },
    at,
    find: (id) => slots.find((event) => event?.id === id),
    compareWith(newest) {
      const after = newest.findLast(({ position, id }) => at(position)?.id === id)?.position;
      if (after === undefined) return undefined;
      const lost = slots.filter((event) => event !== undefined && event.position > after) as KnownEvent[];
      return { after, events: new Map(lost.map((event) => [event.id, event])) };
    },
  };
}
