import { InvalidArgumentError } from 'commander';
import { parseDuration } from './duration.js';

/**
 * Parses a time: a duration before now (`2h`, `7d`), or an ISO 8601 time with an offset. Throws commander's error for any other
 * text.
 */
export function parseTime(text: string): Date {
  const ago = parseDuration(text);
  if (ago !== undefined) return new Date(Date.now() - ago * 1000);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text);
  throw new InvalidArgumentError('Write it as 90s, 15m, 2h or 7d (ago), or as 2026-11-24T10:00:00Z.');
}

/** Parses a duration and returns seconds. Throws commander's error for any other text. */
export function parseSeconds(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('Write it as 90s, 15m, 1h or 7d.');
  return duration;
}

/** Parses a whole number of at most nine digits. Throws commander's error for any other text. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write it as a whole number, 0 or more.');
  return Number(text);
}

/** Parses the version of an event type. Throws commander's error for any other text. */
export function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write it as a whole number, 1 or more.');
  return Number(text);
}

/** Parses a comma-separated list; empty items are dropped. */
export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
