import { ConflictingEventError, type Accept } from '@tidings/accept';
import { RejectedEventError, type Catalog, type EventDraft } from '@tidings/events';

interface AcceptRelayedParts {
  accept: Accept;
  catalog: Pick<Catalog, 'validate'>;
}

/**
 * Step 2 of the journey for the events of an outbox. Whoever may write to that database could have put them there, so they
 * are checked as if they came over HTTP. Throws an `InvalidEventError` or a `RejectedEventError` for what will never be
 * accepted, and the database's error when it should come again.
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
