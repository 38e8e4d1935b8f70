import { secretKey } from '@tidings/secrets';
import { sign } from '@tidings/signing';
import { reasonOf } from '../failure.js';

/** An event as the log has it. */
export interface LoggedEvent {
  id: string;
  type: string;
  /** ISO 8601. */
  timestamp: string;
  data: unknown;
}

/** What came of one request. */
export interface Forwarded {
  /** Null when no response came. */
  statusCode: number | null;
  durationMs: number;
  /** Why it counts as failed; null after a 2xx. */
  error: string | null;
}

export interface ForwarderOptions {
  target: string;
  /** `whsec_…` */
  secret: string;
  /** For one request, to the end of its response, in milliseconds. */
  timeoutMs: number;
}

/** A status and a line of the body are enough to see what was wrong. */
const SHOWN_CHARACTERS = 200;

/**
 * Sends events as a worker delivers them: the same body, byte for byte, and the headers of Standard Webhooks. Answers with what
 * came of it, and never throws.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createForwarder({ target, secret, timeoutMs }: ForwarderOptions): (event: LoggedEvent) => Promise<Forwarded> {
  const keys = [secretKey(secret)];
  return async ({ id, type, timestamp: happenedAt, data }) => {
    const body = `{"type":${JSON.stringify(type)},"timestamp":"${happenedAt}","data":${JSON.stringify(data)}}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const startedAt = performance.now();
    const since = (): number => Math.round(performance.now() - startedAt);
    try {
      const response = await fetch(target, {
        method: 'POST',
        headers: {
          'user-agent': 'Tidings',
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': sign({ id, timestamp, body, keys }),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Once there is a status, it is the contract: a body that breaks off changes nothing.
      const text = await response.text().catch(() => '');
      const error = response.ok ? null : text.trim().slice(0, SHOWN_CHARACTERS) || response.statusText;
      return { statusCode: response.status, durationMs: since(), error };
    } catch (error) {
      return { statusCode: null, durationMs: since(), error: reasonOf(error) };
    }
  };
}
