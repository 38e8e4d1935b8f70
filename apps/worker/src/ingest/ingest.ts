import { ConflictingEventError, type Accept } from '@tidings/accept';
import { eventJob, InvalidEventError, type Catalog, type TidingsEvent } from '@tidings/events';
import type { JobOutcome } from '@tidings/queue';

/** Says what becomes of a job of the queue `events`. */
export type Ingest = (job: unknown) => Promise<JobOutcome>;

interface IngestParts {
  accept: Accept;
  catalog: Pick<Catalog, 'validate'>;
  /** Told of each job that is not a valid event, for the metrics. */
  onInvalid?: () => void;
  log: { error: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

const enqueuedEvent = eventJob.extend({ data: eventJob.shape.data.transform((text) => JSON.parse(text) as unknown) });

/**
 * Step 2 of the journey for events that a service enqueued by itself. Whoever reaches Redis could have written the job,
 * so it is checked against the catalog again, and who may see the event is derived from its data, not believed.
 */
export function createIngest({ accept, catalog, onInvalid, log }: IngestParts): Ingest {
  return async (job) => {
    let events: TidingsEvent[];
    try {
      events = catalog.validate([enqueuedEvent.parse(job)]);
    } catch (error) {
      const reason = error instanceof InvalidEventError ? error.message : 'The job is not an event.';
      onInvalid?.();
      log.error('An enqueued event is not valid. It stays in the failed set of the queue "events".', { reason, job });
      return { action: 'dead_letter', reason };
    }
    try {
      await accept(events);
      return { action: 'finish' };
    } catch (error) {
      if (error instanceof ConflictingEventError) {
        log.error('An enqueued event has the id of another. It stays in the failed set of the queue "events".', {
          event_id: events[0]?.id,
          job,
        });
        return { action: 'dead_letter', reason: error.message };
      }
      log.warn('An enqueued event could not be accepted yet; BullMQ retries it.', { event_id: events[0]?.id, error });
      return { action: 'retry', reason: 'The database did not commit it.' };
    }
  };
}
