import { derivedEventId } from '@tidings/accept';
import type { TidingsEvent } from '@tidings/events';

/** Derives the id of the event at this index of a request from the owner and the key: the same id for each repetition. */
export function eventIdForKey(owner: string, key: string, index: number): string {
  return derivedEventId('Idempotency-Key', owner, key, String(index));
}

/**
 * Returns the events with derived ids for those that were published without an id. Other events keep their id.
 *
 * @param drafts the events as they were in the request, in the same order
 */
export function withDerivedIds<Event extends TidingsEvent>(
  events: readonly Event[],
  drafts: readonly unknown[],
  { owner, key }: { owner: string; key: string },
): Event[] {
  return events.map((event, index) => {
    const draft = drafts[index] as { id?: string };
    return draft.id === undefined ? { ...event, id: eventIdForKey(owner, key, index) } : event;
  });
}
