import { isDeliveryId } from '@tidings/database';
import type { JobOutcome } from '@tidings/queue';
import type { Deliver } from './deliver.js';

/** Processes one job of the queue `deliveries`, and returns the outcome of the job. */
export type DeliverJob = (job: unknown, jobId: string) => Promise<JobOutcome>;

interface DeliverJobParts {
  deliver: Deliver;
  log: { error: (message: string, details: object) => void };
}

/**
 * Creates the function that processes the jobs of the queue `deliveries`. Anyone who reaches Redis can write jobs, and claims
 * share one statement. So an id that is no delivery id ends its job here: in the statement it could fail the other claims.
 */
export function createDeliverJob({ deliver, log }: DeliverJobParts): DeliverJob {
  return async (job, jobId) => {
    const id = typeof job === 'object' && job !== null && 'id' in job ? job.id : undefined;
    if (isDeliveryId(id)) return deliver(id);
    log.error('A job of the queue "deliveries" names no delivery. It is dropped.', { job_id: jobId });
    return { action: 'finish' };
  };
}
