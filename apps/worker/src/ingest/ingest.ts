import { ConflictingEventError, type Accept, type EventTypes } from '@tidings/accept';
import { eventJob, InvalidEventError, parseEventData, type EventDraft } from '@tidings/events';
import type { JobOutcome } from '@tidings/queue';

/** Processes one job of the queue `events`, and returns the outcome of the job. */
export type Ingest = (job: unknown, jobId: string) => Promise<JobOutcome>;

/** The name of an unknown field is part of a reason, and comes from the job. */
const MAX_REASON_CHARACTERS = 1000;
const MAX_NAME_CHARACTERS = 200;

interface IngestParts {
  accept: Accept;
  eventTypes: Pick<EventTypes, 'withValidEvents'>;
  /** Called for each job that is not a valid event, for the metrics. */
  onInvalid?: () => void;
  log: { error: (message: string, details: object) => void; warn: (message: string, details: object) => void };
}

/**
 * Creates step 2 of an event's journey for events that a service enqueued. Anyone who reaches Redis can write jobs, so the
 * event is validated again, and its owner is read from its data, not from the job.
 */
export function createIngest({ accept, eventTypes, onInvalid, log }: IngestParts): Ingest {
  return async (job, jobId) => {
    const refuse = (reason: string): JobOutcome => {
      onInvalid?.();
      log.error('An enqueued event is not valid. It stays in the failed set of the queue "events".', {
        job_id: jobId,
        ...nameOf(job),
        reason: reason.slice(0, MAX_REASON_CHARACTERS),
      });
      return { action: 'dead_letter', reason };
    };
    let draft: EventDraft;
    try {
      const { data, ...envelope } = eventJob.parse(job);
      draft = { ...envelope, data: parseEventData(data) };
    } catch (error) {
      return refuse(error instanceof InvalidEventError ? error.message : 'The job is not an event.');
    }
    try {
      await eventTypes.withValidEvents([draft], undefined, (events) => accept(events));
      return { action: 'finish' };
    } catch (error) {
      if (error instanceof InvalidEventError) return refuse(error.message);
      if (error instanceof ConflictingEventError) {
        log.error('An enqueued event has the id of another. It stays in the failed set of the queue "events".', {
          job_id: jobId,
          ...nameOf(job),
        });
        return { action: 'dead_letter', reason: error.message };
      }
      log.warn('An enqueued event could not be accepted yet; BullMQ retries it.', { event_id: draft.id, error });
      return { action: 'retry', reason: 'The database did not commit it.' };
    }
  };
}

/** The id and the type of an event, by which an operator finds it. The log gets no payload: it may hold personal data. */
function nameOf(job: unknown): { event_id?: string; type?: string } {
  const { id, type } = (typeof job === 'object' && job !== null ? job : {}) as { id?: unknown; type?: unknown };
  return {
    ...(typeof id === 'string' && { event_id: id.slice(0, MAX_NAME_CHARACTERS) }),
    ...(typeof type === 'string' && { type: type.slice(0, MAX_NAME_CHARACTERS) }),
  };
}
