const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** The distance between two times: `3 minutes ago`. Both times are Unix milliseconds. */
export function formatRelative(at: number, now: number): string {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(at - now) >= size) ?? ['second', 1000];
  return RELATIVE.format(Math.trunc((at - now) / size), unit);
}

/** A time to the second, in the time zone of the browser. */
export function formatExact(at: string | number | Date): string {
  return EXACT.format(new Date(at));
}
