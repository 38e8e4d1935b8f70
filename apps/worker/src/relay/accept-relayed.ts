import { ConflictingEventError, type Accept } from '@tidings/accept';
import { RejectedEventError, type Catalog, type EventDraft } from '@tidings/events';

interface AcceptRelayedParts {
  accept: Accept;
  catalog: Pick<Catalog, 'validate'>;
}

/**
 * Creates step 2 of an event's journey for events of an outbox. Anyone who may write to that database can write events, so
 * they are validated as if they came over HTTP. Throws an `InvalidEventError` or a `RejectedEventError` for events that will
 * never be accepted, and the database's error when the relay should retry.
 */
export function createAcceptRelayed({ accept, catalog }: AcceptRelayedParts) {
  return async (events: readonly EventDraft[]): Promise<void> => {
    const valid = catalog.validate(events, events.length === 1 ? undefined : 'events');
    try {
      await accept(valid);
    } catch (error) {
      if (error instanceof ConflictingEventError) throw new RejectedEventError(error.message, { cause: error });
      throw error;
    }
  };
}
