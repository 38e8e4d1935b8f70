/** Each checks a text in one pass: none has a pattern that backtracks over it. */
const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  date: isDate,
  time: (text) => isTime(text, false),
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  uri: isUri,
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
};

/** The values of `format` that are checked. Draft 2020-12 leaves it open; a contract names no format that nobody checks. */
export const FORMATS: readonly string[] = Object.keys(CHECKS);

/** Returns whether a value of `format` is checked. */
export function isFormat(name: string): boolean {
  return Object.hasOwn(CHECKS, name);
}

/** Returns whether a text has the format. */
export function hasFormat(text: string, format: string): boolean {
  return CHECKS[format]?.(text) ?? true;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** RFC 3339, full-date. */
function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && isLeapYear ? 29 : (DAYS[month - 1] ?? 0));
}

/** RFC 3339, full-time: leap seconds are at 23:59:60 UTC. A time alone may be one of no zone, as in `z.iso.time()`. */
function isTime(text: string, needsOffset: boolean): boolean {
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|([+-])(\d{2}):(\d{2}))?$/i.exec(text);
  if (!match) return false;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1, 4).map(Number);
  const [sign, offsetHours, offsetMinutes] = [match[4] === '-' ? -1 : 1, Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (needsOffset && match[4] === undefined && !/z$/i.test(text)) return false;
  if (hours > 23 || minutes > 59 || offsetHours > 23 || offsetMinutes > 59) return false;
  if (seconds < 60) return true;
  const minuteInUtc = hours * 60 + minutes - sign * (offsetHours * 60 + offsetMinutes);
  return seconds === 60 && (minuteInUtc + 2 * 1440) % 1440 === 1439;
}

/** RFC 3339, date-time. */
function isDateTime(text: string): boolean {
  return /^[T ]$/i.test(text.charAt(10)) && isDate(text.slice(0, 10)) && isTime(text.slice(11), true);
}

/** The addresses that people have (RFC 5321 without quotes, comments and address literals). */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  return (
    text.length <= 320 &&
    local.length <= 64 &&
    local.split('.').every((part) => /^[\w!#$%&'*+/=?^`{|}~-]+$/.test(part)) &&
    isHostname(text.slice(at + 1))
  );
}

/** RFC 1123. */
function isHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[a-z0-9-]{1,63}$/i.test(label) && !/^-|-$/.test(label));
}

function isIpv4(text: string): boolean {
  const parts = text.split('.', 5);
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291, 2.2. */
function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const isMixed = last.includes('.') && !text.endsWith('::');
  if (isMixed && !isIpv4(groups.pop() ?? '')) return false;
  const count = groups.length + (isMixed ? 2 : 0);
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}

/** RFC 3986: a scheme and characters that a URI may have. */
function isUri(text: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i.test(text) &&
    !/%(?![0-9a-f]{2})/i.test(text) &&
    text.indexOf('#') === text.lastIndexOf('#')
  );
}
