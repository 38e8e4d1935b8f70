import { v7 as uuidv7 } from 'uuid';
import type { Endpoint } from '@tidings/database';
import { webhookTest } from '@tidings/events';
import type { TestJob, TestResult, Verdict } from '@tidings/queue';
import type { SignableEvent } from '../deliver/request.js';
import type { OutgoingRequest, Send } from '../deliver/send.js';

interface AnswerTestsParts {
  /** The webhook, if it is still the user's. */
  readEndpoint: (userId: string, webhookId: string) => Promise<Endpoint | undefined>;
  build: (event: SignableEvent) => OutgoingRequest;
  send: Send;
  /** Tells the API process that waits. */
  tell: (result: TestResult) => Promise<void>;
  log: { error: (message: string, details: object) => void };
}

/**
 * Sends a `webhook.test` event, signed and guarded like any other, and tells what came back. Nothing is written: a test is
 * in no log, is not tried again, and counts neither for the webhook's health nor for its limits.
 */
export function createAnswerTests({ readEndpoint, build, send, tell, log }: AnswerTestsParts) {
  return async ({ webhookId, userId }: TestJob): Promise<Verdict> => {
    try {
      const endpoint = await readEndpoint(userId, webhookId);
      if (endpoint === undefined) return { then: 'finish' };
      const eventId = `evt_${uuidv7()}`;
      const { type, data } = webhookTest({ webhook_id: webhookId, message: 'This is a test.' });
      const request = build({
        ...endpoint,
        eventId,
        eventType: type,
        eventTimestamp: new Date(endpoint.claimedAt * 1000).toISOString(),
        eventData: JSON.stringify(data),
      });
      const { durationMs, statusCode, errorClass, error, responseBody } = await send(request);
      await tell({ webhookId, eventId, durationMs, statusCode, errorClass, error, responseBody });
    } catch (error) {
      log.error('A webhook could not be tested.', { webhook_id: webhookId, error });
    }
    return { then: 'finish' };
  };
}
