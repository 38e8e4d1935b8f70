/** No hold is longer: an hour. */
const MAX_WAIT_MS = 3_600_000;
/** Linear: in `\d*\.?\d+` the digits of a hostile header can be divided in as many ways as there are digits. */
const SECONDS = /^(?:\d+(?:\.\d+)?|\.\d+)$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
const MONTH = `(?<month>${MONTHS.join('|')})`;
/** The three formats of dates (RFC 9110, 5.6.7). All are in UTC; that of asctime does not say so. */
const HTTP_DATES = [
  String.raw`[a-z]{3}, (?<day>\d{2}) ${MONTH} (?<year>\d{4}) ${TIME} (?:GMT|UTC)`,
  String.raw`[a-z]{6,9}, (?<day>\d{2})-${MONTH}-(?<year>\d{2}) ${TIME} (?:GMT|UTC)`,
  String.raw`[a-z]{3} ${MONTH} {1,2}(?<day>\d{1,2}) ${TIME} (?<year>\d{4})(?: GMT| UTC)?`,
].map((format) => new RegExp(`^${format}$`, 'i'));

/**
 * Returns the time that a `Retry-After` header names, in milliseconds from now, at most an hour. Null when there is no header, or
 * when it is neither a number of seconds nor a date (RFC 9110, 10.2.3). A fraction of a second is not in the standard, and is sent
 * all the same. A date in the past means 0.
 *
 * @param nowMs Unix milliseconds
 */
export function readRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (SECONDS.test(text)) return Math.min(Math.ceil(Number(text) * 1000), MAX_WAIT_MS);
  const at = readHttpDate(text, nowMs);
  return at === null ? null : Math.min(Math.max(at - nowMs, 0), MAX_WAIT_MS);
}

function readHttpDate(text: string, nowMs: number): number | null {
  const found = HTTP_DATES.map((format) => format.exec(text)).find((match) => match !== null);
  if (!found?.groups) return null;
  const part = (name: string) => found.groups?.[name] ?? '';
  const [day, hour, minute, second] = [part('day'), part('hour'), part('minute'), part('second')].map(Number);
  const month = MONTHS.indexOf(part('month').toLowerCase());
  const at = (year: number) => Date.UTC(year, month, day, hour, minute, second);
  // A second 60 is a leap second.
  if (Number(day) < 1 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  if (part('year').length === 4) return at(Number(part('year')));
  // Of two digits: not more than 50 years ahead.
  const year = new Date(nowMs).getUTCFullYear();
  const inCentury = year - (year % 100) + Number(part('year'));
  return at(inCentury > year + 50 ? inCentury - 100 : inCentury);
}
