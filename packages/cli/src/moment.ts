import { InvalidArgumentError } from 'commander';
import { parseDuration } from './duration.js';

/**
 * An option that says when: so long ago (`2h`, `7d`), or an ISO 8601 time with an offset. Throws commander's error for an
 * argument that is neither.
 */
export function moment(text: string): Date {
  const ago = parseDuration(text);
  if (ago !== undefined) return new Date(Date.now() - ago * 1000);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text);
  throw new InvalidArgumentError('Write it as 90s, 15m, 2h or 7d ago, or as 2026-11-24T10:00:00Z.');
}

/** An option's duration, in seconds. Throws commander's error for an argument that is none. */
export function seconds(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('Write it as 90s, 15m, 1h or 7d.');
  return duration;
}

/** An option's whole number, 0 or more. Throws commander's error for an argument that is none. */
export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.');
  return Number(text);
}

/** An option's list, with commas between. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
