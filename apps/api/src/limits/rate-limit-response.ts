import type { Response } from 'express';
import { Problem } from '../problems/problem.js';
import { WINDOW_S, type LimitState } from './limit.js';

/** The requests of each limit, for the detail of a 429. */
const LIMITED_REQUESTS: Record<string, string> = {
  ip: 'requests a minute from one address',
  owner: 'requests a minute by one owner',
  costly: 'registrations, changes, tests, verifications, retries, replays and rotations a minute by one owner',
  host: 'tests, verifications, retries, replays and changes of webhooks a minute to one host, by all owners together',
  publish: 'publishing requests a minute by one service',
  'auth-failures': 'requests a minute from one address with tokens that are not valid',
};

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/**
 * Adds the headers of draft-ietf-httpapi-ratelimit-headers-10: each limit that applies to the request, and the number of
 * requests that remain.
 */
export function addRateLimitHeaders(response: Response, states: readonly LimitState[]): void {
  if (states.length === 0) return;
  const add = (header: string, item: (state: LimitState) => string): void => {
    const earlier = response.get(header);
    response.setHeader(header, [...(earlier === undefined ? [] : [earlier]), ...states.map(item)].join(', '));
  };
  add('ratelimit-policy', ({ name, perMinute }) => `"${name}";q=${String(perMinute)};w=${String(WINDOW_S)}`);
  add('ratelimit', ({ name, remaining, resetMs }) => `"${name}";r=${String(remaining)};t=${String(seconds(resetMs))}`);
}

/** Returns the 429 for an exceeded limit. `Retry-After` says after how many seconds the limit resets. */
export function tooManyRequests({ name, perMinute, resetMs }: LimitState): Problem {
  return new Problem(429, 'Too many requests', {
    detail: `At most ${perMinute.toLocaleString('en')} ${LIMITED_REQUESTS[name] ?? 'requests a minute'}. Try again in ${String(seconds(resetMs))} s.`,
    headers: { 'retry-after': String(seconds(resetMs)) },
  });
}

/** Returns the exceeded limit that resets last; undefined if no limit is exceeded. */
export function longestExceeded(states: readonly LimitState[]): LimitState | undefined {
  return states.filter(({ isExceeded }) => isExceeded).sort((a, b) => b.resetMs - a.resetMs)[0];
}
