import type { RecordedHeaders } from './recorded-headers.js';

/**
 * The class of an attempt's error. The log, the API and the metrics use the same words. `throttled`: the receiver asked to slow
 * down, with a 429, or a 503 with `Retry-After`.
 */
export type ErrorClass = 'dns' | 'connect' | 'tls' | 'timeout' | 'reset' | 'protocol' | 'blocked' | 'throttled' | 'http_status';

/** The result of one request. */
export interface AttemptResult {
  /** When the attempt began, on the monotonic clock of this process (`performance.now()`), in milliseconds. */
  startedAt: number;
  durationMs: number;
  /** The headers that were sent, without credentials; null when there was no connection. */
  requestHeaders: RecordedHeaders | null;
  /** Null when there was no response. */
  statusCode: number | null;
  /** The time that the response's `Retry-After` names, in milliseconds; 0: it has passed; null: there is none. */
  retryAfterMs: number | null;
  /** Null after a 2xx. */
  errorClass: ErrorClass | null;
  /** One sentence for the owner of the webhook; null after a 2xx. */
  error: string | null;
  /** The code of the error of Node, for the operator's log; null when there was a response. */
  errorCode: string | null;
  /**
   * Whether a connection that was kept from an earlier request broke at once, before any byte of the response: the receiver had
   * closed it, most likely, and read nothing.
   */
  brokeWhenReused: boolean;
  /** The headers of the response, as many as are kept; null when there was none. */
  responseHeaders: RecordedHeaders | null;
  /** The first 4 KB of the body, decompressed, as text; null when there was no response. */
  responseBody: string | null;
}
