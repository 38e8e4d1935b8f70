import { EVENTS_QUEUE } from '@tidings/events';
import type { Verdict } from '@tidings/queue';
import type { Tracing } from '@tidings/tracing';
import type { Dispatch } from './dispatch.js';

/** Takes a job as part of the trace of the service that enqueued it. */
export function traceDispatch(tracing: Tracing, dispatch: Dispatch) {
  return (job: unknown, _jobId: string, traceparent?: string): Promise<Verdict> =>
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
        const verdict = await dispatch(job);
        if (verdict.then === 'bury' || verdict.then === 'retry') fail(verdict.then);
        return verdict;
      },
    );
}
