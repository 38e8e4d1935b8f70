import type { Endpoint } from '@tidings/database';
import { EVENT_ID, OWNER_ID, webhookTest } from '@tidings/events';
import type { TestId, TestJob, TestOutcome, JobOutcome } from '@tidings/queue';
import type { SignableEvent } from '../deliver/request.js';
import type { OutgoingRequest, Send } from '../deliver/send.js';

interface ProcessTestsParts {
  /** Claims the test; false when it was withdrawn or another worker has claimed it. */
  claim: (test: TestId) => Promise<boolean>;
  /** Reads the webhook; undefined when the owner no longer has it. */
  readEndpoint: (owner: string, webhookId: string) => Promise<Endpoint | undefined>;
  build: (event: SignableEvent) => OutgoingRequest;
  send: Send;
  /** Ends the test, and publishes its outcome to the API process that waits. */
  release: (outcome: TestOutcome) => Promise<void>;
  log: { error: (message: string, details: object) => void };
}

/**
 * Creates the function that processes a job of the queue `tests`: it sends a `webhook.test` event, signed and checked by the
 * guard like any other, and publishes the result. It has a connection of its own, so that it is sent once or not at all. Nothing is stored: a test is not in the event log, is not retried, and does
 * not count for the webhook's health or limits. A test that was withdrawn, or that another worker claimed before it was
 * killed, is not sent.
 */
export function createProcessTests({ claim, readEndpoint, build, send, release, log }: ProcessTestsParts) {
  const sendTest = async ({ webhookId, owner, eventId }: TestJob): Promise<TestOutcome['result']> => {
    const endpoint = await readEndpoint(owner, webhookId);
    if (endpoint === undefined) return 'gone';
    const { type, data } = webhookTest({ webhook_id: webhookId, message: 'This is a test.' });
    const request = build({
      ...endpoint,
      eventId,
      eventType: type,
      eventVersion: 1,
      eventTimestamp: new Date(endpoint.claimedAt * 1000).toISOString(),
      eventData: JSON.stringify(data),
    });
    const { durationMs, statusCode, errorClass, error, responseBody } = await send({ ...request, onFreshConnection: true });
    return { durationMs, statusCode, errorClass, error, responseBody };
  };

  return async (job: unknown, jobId: string): Promise<JobOutcome> => {
    if (!isTestJob(job)) {
      log.error('A job of the queue "tests" names no test of a webhook. It is dropped.', { job_id: jobId });
      return { action: 'finish' };
    }
    const { webhookId, eventId } = job;
    try {
      if (!(await claim({ webhookId, eventId }))) return { action: 'finish' };
      const result = await sendTest(job).catch((error: unknown) => {
        log.error('A webhook could not be tested.', { event_id: eventId, webhook_id: webhookId, error });
        return 'failed' as const;
      });
      await release({ webhookId, eventId, result });
    } catch (error) {
      log.error('The outcome of a test could not be published.', { event_id: eventId, webhook_id: webhookId, error });
    }
    return { action: 'finish' };
  };
}

/** Whether a job has the fields of a test. Anyone who reaches Redis can write jobs, and PostgreSQL refuses a text with a NUL. */
function isTestJob(job: unknown): job is TestJob {
  if (typeof job !== 'object' || job === null) return false;
  const { webhookId, owner, eventId } = job as Partial<Record<keyof TestJob, unknown>>;
  const isId = (value: unknown): boolean => typeof value === 'string' && EVENT_ID.test(value);
  return isId(webhookId) && isId(eventId) && typeof owner === 'string' && OWNER_ID.test(owner);
}
