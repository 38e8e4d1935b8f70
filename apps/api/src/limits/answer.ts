import type { Response } from 'express';
import { Problem } from '../problems/problem.js';
import { WINDOW_S, type Count } from './limit.js';

/** Whom each limit is for, as the detail of a 429 says it. */
const WHOM: Record<string, string> = {
  ip: 'requests a minute from one address',
  owner: 'requests a minute by one owner',
  costly: 'registrations, tests, replays and rotations a minute by one owner',
  publish: 'publishing requests a minute by one service',
  'auth-failures': 'requests a minute from one address with tokens that are not valid',
};

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** The headers of draft-ietf-httpapi-ratelimit-headers-10: each limit that the request counted for, and what is left of it. */
export function tellLimits(response: Response, counts: readonly Count[]): void {
  if (counts.length === 0) return;
  const items = (item: (count: Count) => string) => counts.map(item).join(', ');
  response.setHeader(
    'ratelimit-policy',
    items(({ name, perMinute }) => `"${name}";q=${String(perMinute)};w=${String(WINDOW_S)}`),
  );
  response.setHeader(
    'ratelimit',
    items(({ name, remaining, resetMs }) => `"${name}";r=${String(remaining)};t=${String(seconds(resetMs))}`),
  );
}

/** 429, with when to come back. */
export function refusal({ name, perMinute, resetMs }: Count): Problem {
  return new Problem(429, 'Too many requests', {
    detail: `At most ${perMinute.toLocaleString('en')} ${WHOM[name] ?? 'requests a minute'}. Try again in ${String(seconds(resetMs))} s.`,
    headers: { 'retry-after': String(seconds(resetMs)) },
  });
}

/** Of the limits that are exceeded, the one that lasts longest. */
export function longestOver(counts: readonly Count[]): Count | undefined {
  return counts.filter(({ over }) => over).sort((a, b) => b.resetMs - a.resetMs)[0];
}
