import { secretKey } from '@tidings/secrets';
import { sign } from '@tidings/signing';
import { reasonOf } from '../failure.js';
import { post, type Target } from './target.js';

/** An event as the event log stores it. */
export interface LoggedEvent {
  id: string;
  type: string;
  /** Time of the event, ISO 8601. */
  timestamp: string;
  /** The version of its type. */
  version: number;
  /** The payload as JSON text, as the server sent it. */
  json: string;
}

/** Result of one forwarded request. */
export interface Forwarded {
  /** Null when there was no response. */
  statusCode: number | null;
  durationMs: number;
  /** Why the forward failed; null after a 2xx. */
  error: string | null;
}

/** Options of {@link createForwarder}. */
export interface ForwarderOptions {
  target: Target;
  /** The signing secret, `whsec_…`. */
  secret: string;
  /** Limit for one request including its response, in milliseconds. */
  timeoutMs: number;
  /** Whether any certificate of the receiver is accepted. */
  skipVerify: boolean;
}

/** Limits the part of the response body in an error. */
const MAX_ERROR_CHARACTERS = 200;

/**
 * Returns a function that sends an event as a worker does: the same body, byte for byte, and the headers of Standard Webhooks.
 * Redirects are not followed. The function reports failures in its result and never throws.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createForwarder({
  target,
  secret,
  timeoutMs,
  skipVerify,
}: ForwarderOptions): (event: LoggedEvent) => Promise<Forwarded> {
  const keys = [secretKey(secret)];
  return async ({ id, type, version, timestamp: eventTime, json }) => {
    const body = `{"type":${JSON.stringify(type)},"timestamp":"${eventTime}","data":${json}}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const startedAt = performance.now();
    const elapsedMs = (): number => Math.round(performance.now() - startedAt);
    try {
      const {
        statusCode,
        statusText,
        body: answer,
      } = await post(target, {
        headers: {
          'user-agent': 'Tidings',
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-event-version': String(version),
          'webhook-signature': sign({ id, timestamp, body, keys }),
        },
        body,
        signal: AbortSignal.timeout(timeoutMs),
        skipVerify,
      });
      const isOk = statusCode >= 200 && statusCode < 300;
      const error = isOk ? null : answer.trim().slice(0, MAX_ERROR_CHARACTERS) || statusText;
      return { statusCode, durationMs: elapsedMs(), error };
    } catch (error) {
      return { statusCode: null, durationMs: elapsedMs(), error: reasonOf(error) };
    }
  };
}
