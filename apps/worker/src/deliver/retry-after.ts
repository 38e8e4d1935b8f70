/** No receiver may put a delivery off for longer: a day. */
const LONGEST_MS = 86_400_000;
/** IMF-fixdate, RFC 850 and asctime (RFC 9110, 5.6.7): all begin with a day's name, which `Date.parse` alone does not ask for. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * The wait that a `Retry-After` header asks for, in milliseconds, a day at most; null when there is none or it is
 * neither a number of seconds nor a date (RFC 9110, 10.2.3). A date that has passed means now.
 *
 * @param nowMs Unix milliseconds
 */
export function readRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_MS);
  if (!HTTP_DATE.test(text)) return null;
  const waitMs = Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), LONGEST_MS);
}
