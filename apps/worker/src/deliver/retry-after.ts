/** The longest wait that a receiver may ask for: a day. */
const MAX_WAIT_MS = 86_400_000;
/** The three formats of dates (RFC 9110, 5.6.7) begin with the name of a day, which `Date.parse` alone does not require. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Returns the wait that a `Retry-After` header asks for, in milliseconds, at most a day. Null when there is no header, or when
 * it is neither a number of seconds nor a date (RFC 9110, 10.2.3). A date in the past means 0.
 *
 * @param nowMs Unix milliseconds
 */
export function readRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, MAX_WAIT_MS);
  if (!HTTP_DATE.test(text)) return null;
  const waitMs = Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), MAX_WAIT_MS);
}
