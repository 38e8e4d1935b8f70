import { ConflictingEventError, type Accept, type EventTypes } from '@tidings/accept';
import { RejectedEventError, type EventDraft } from '@tidings/events';

interface AcceptRelayedParts {
  accept: Accept;
  eventTypes: Pick<EventTypes, 'withValidEvents'>;
}

/**
 * Creates step 2 of an event's journey for events of an outbox. Anyone who may write to that database can write events, so
 * they are validated as if they came over HTTP. Throws an `InvalidEventError` or a `RejectedEventError` for events that will
 * never be accepted, and the database's error when the relay should retry.
 */
export function createAcceptRelayed({ accept, eventTypes }: AcceptRelayedParts) {
  return async (events: readonly EventDraft[]): Promise<void> => {
    const list = events.length === 1 ? undefined : 'events';
    try {
      await eventTypes.withValidEvents(events, list, (valid) => accept(valid));
    } catch (error) {
      if (error instanceof ConflictingEventError) throw new RejectedEventError(error.message, { cause: error });
      throw error;
    }
  };
}
