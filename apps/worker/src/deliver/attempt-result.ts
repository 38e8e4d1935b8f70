/** What kind of thing went wrong: the same words in the log, the API and the metrics. */
export type ErrorClass = 'dns' | 'connect' | 'tls' | 'timeout' | 'reset' | 'protocol' | 'blocked' | 'http_status';

/** What came of one request. */
export interface AttemptResult {
  /** On the monotonic clock of this process (`performance.now()`), in milliseconds. */
  startedAt: number;
  durationMs: number;
  /** Null when no response came. */
  statusCode: number | null;
  /** What the response's `Retry-After` asks for, in milliseconds; null when it asks for nothing. */
  retryAfterMs: number | null;
  /** Null after a 2xx. */
  errorClass: ErrorClass | null;
  /** One sentence for the owner of the webhook. */
  error: string | null;
  /** The first 4 KB, as text. */
  responseBody: string | null;
}
