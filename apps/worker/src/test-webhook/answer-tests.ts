import type { Endpoint } from '@tidings/database';
import { webhookTest } from '@tidings/events';
import type { TestId, TestJob, TestOutcome, JobOutcome } from '@tidings/queue';
import type { SignableEvent } from '../deliver/request.js';
import type { OutgoingRequest, Send } from '../deliver/send.js';

interface AnswerTestsParts {
  /** Whether the request is this worker's to make. */
  take: (test: TestId) => Promise<boolean>;
  /** The webhook, if it is still the user's. */
  readEndpoint: (owner: string, webhookId: string) => Promise<Endpoint | undefined>;
  build: (event: SignableEvent) => OutgoingRequest;
  send: Send;
  /** Ends the test, and tells the API process that waits. */
  end: (outcome: TestOutcome) => Promise<void>;
  log: { error: (message: string, details: object) => void };
}

/**
 * Sends a `webhook.test` event, signed and guarded like any other, and tells what came back. Nothing is written: a test is
 * in no log, is not tried again, and counts neither for the webhook's health nor for its limits. One that nobody waits for
 * any more, or that another worker has taken and was killed with, is not sent.
 */
export function createAnswerTests({ take, readEndpoint, build, send, end, log }: AnswerTestsParts) {
  const make = async ({ webhookId, owner, eventId }: TestJob): Promise<TestOutcome['result']> => {
    const endpoint = await readEndpoint(owner, webhookId);
    if (endpoint === undefined) return 'gone';
    const { type, data } = webhookTest({ webhook_id: webhookId, message: 'This is a test.' });
    const request = build({
      ...endpoint,
      eventId,
      eventType: type,
      eventTimestamp: new Date(endpoint.claimedAt * 1000).toISOString(),
      eventData: JSON.stringify(data),
    });
    const { durationMs, statusCode, errorClass, error, responseBody } = await send(request);
    return { durationMs, statusCode, errorClass, error, responseBody };
  };

  return async (job: TestJob): Promise<JobOutcome> => {
    const { webhookId, eventId } = job;
    try {
      if (!(await take({ webhookId, eventId }))) return { action: 'finish' };
      const result = await make(job).catch((error: unknown) => {
        log.error('A webhook could not be tested.', { event_id: eventId, webhook_id: webhookId, error });
        return 'failed' as const;
      });
      await end({ webhookId, eventId, result });
    } catch (error) {
      log.error('What came of a test could not be told.', { event_id: eventId, webhook_id: webhookId, error });
    }
    return { action: 'finish' };
  };
}
