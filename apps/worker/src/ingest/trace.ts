import { EVENTS_QUEUE } from '@tidings/events';
import type { JobOutcome } from '@tidings/queue';
import type { Tracing } from '@tidings/runtime/tracing';
import type { Ingest } from './ingest.js';

/** Wraps `ingest` in a span of the trace of the service that enqueued the job. */
export function traceIngest(tracing: Tracing, ingest: Ingest) {
  return (job: unknown, jobId: string, traceparent?: string): Promise<JobOutcome> =>
    tracing.run(
      {
        name: `process ${EVENTS_QUEUE}`,
        kind: 'consumer',
        parent: traceparent ?? null,
        attributes: {
          'messaging.system': 'bullmq',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': EVENTS_QUEUE,
        },
      },
      async ({ fail }) => {
        const jobOutcome = await ingest(job, jobId);
        if (jobOutcome.action === 'dead_letter' || jobOutcome.action === 'retry') fail(jobOutcome.action);
        return jobOutcome;
      },
    );
}
