import { exampleEvent, type EventTypes, type ExampleEvent } from '@tidings/accept';
import type { Endpoint } from '@tidings/database';
import { webhookTest } from '@tidings/events';
import type { TestId, TestJob, TestOutcome, JobOutcome } from '@tidings/queue';
import type { SignableEvent } from '../deliver/request.js';
import type { OutgoingRequest, Send } from '../deliver/send.js';
import { isTestJob } from './is-test-job.js';

interface ProcessTestsParts {
  /** Claims the test; false when it was withdrawn or another worker has claimed it. */
  claim: (test: TestId) => Promise<boolean>;
  /** Reads the webhook; undefined when the owner no longer has it. */
  readEndpoint: (owner: string, webhookId: string) => Promise<Endpoint | undefined>;
  eventTypes: Pick<EventTypes, 'refresh'>;
  build: (event: SignableEvent) => OutgoingRequest;
  send: Send;
  /** Ends the test, and publishes its outcome to the API process that waits. */
  release: (test: TestId, result: TestOutcome['result']) => Promise<void>;
  log: { error: (message: string, details: object) => void };
}

/**
 * Creates the function that processes a job of the queue `tests`: it sends a `webhook.test` event, or the first example of the type
 * that the job names, signed and checked by the guard like any other, and publishes the result. It has a connection of its own, so
 * that it is sent once or not at all. Nothing is stored: a test is not in the event log, is not retried, and does not count for the
 * webhook's health or limits. A test that was withdrawn, or that another worker claimed before it was killed, is not sent.
 */
export function createProcessTests({ claim, readEndpoint, eventTypes, build, send, release, log }: ProcessTestsParts) {
  const eventOf = async ({ webhookId, owner, tested }: TestJob): Promise<ExampleEvent> => {
    if (tested === undefined) {
      const { type, data } = webhookTest({ webhook_id: webhookId, message: 'This is a test.' });
      return { type, version: 1, data: JSON.stringify(data) };
    }
    const event = exampleEvent(await eventTypes.refresh(), tested, owner);
    if ('field' in event) throw new Error(`The ${event.field} of the test ${event.message}.`);
    return event;
  };

  const sendTest = async (job: TestJob): Promise<TestOutcome['result']> => {
    const { webhookId, owner, eventId } = job;
    const endpoint = await readEndpoint(owner, webhookId);
    if (endpoint === undefined) return 'gone';
    const { type, version, data } = await eventOf(job);
    const request = build({
      ...endpoint,
      eventId,
      eventType: type,
      eventVersion: version,
      eventTimestamp: new Date(endpoint.claimedAt * 1000).toISOString(),
      eventData: data,
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
      if (!(await claim(job))) return { action: 'finish' };
      const result = await sendTest(job).catch((error: unknown) => {
        log.error('A webhook could not be tested.', { event_id: eventId, webhook_id: webhookId, error });
        return 'failed' as const;
      });
      await release(job, result);
    } catch (error) {
      log.error('The outcome of a test could not be published.', { event_id: eventId, webhook_id: webhookId, error });
    }
    return { action: 'finish' };
  };
}
