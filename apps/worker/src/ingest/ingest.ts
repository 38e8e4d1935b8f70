import { ConflictingEventError, type Accept } from '@tidings/accept';
import { eventJob, InvalidEventError, parseEventData, type Catalog, type TidingsEvent } from '@tidings/events';
import type { JobOutcome } from '@tidings/queue';

/** Processes one job of the queue `events`, and returns the outcome of the job. */
export type Ingest = (job: unknown) => Promise<JobOutcome>;

interface IngestParts {
  accept: Accept;
  catalog: Pick<Catalog, 'validate'>;
  /** Called for each job that is not a valid event, for the metrics. */
  onInvalid?: () => void;
  log: { error: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

/**
 * Creates step 2 of an event's journey for events that a service enqueued. Anyone who reaches Redis can write jobs, so the
 * event is validated by the catalog again, and its owner is read from its data, not from the job.
 */
export function createIngest({ accept, catalog, onInvalid, log }: IngestParts): Ingest {
  return async (job) => {
    let events: TidingsEvent[];
    try {
      const { data, ...envelope } = eventJob.parse(job);
      events = catalog.validate([{ ...envelope, data: parseEventData(data) }]);
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
