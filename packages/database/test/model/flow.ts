import { RULES, type Rules } from './rules.js';
import type { State, Webhook } from './state.js';

/** What was learned counts for so long after the flow was slowed down last. */
const LEARNED_FOR_MS = 3_600_000;
/** No hold is longer. A later `throttledUntil` was written by a clock that was ahead. */
export const LONGEST_HOLD_MS = 3_600_000;
/** A time may be so much later than any rule sets it: PostgreSQL's clock was corrected meanwhile. */
export const CORRECTED_MS = 60_000;
const SHORTEST_HOLD_MS = 1000;
const LONGEST_BACKOFF_MS = 300_000;
const LOWEST_RATE = 1 / 60;
const FORGOTTEN_RATE = 10_000;

/** What a receiver asked for: the time that it named, and a random number from 0 to 1. */
export interface Throttle {
  askedMs: number | null;
  jitter: number;
}

/** An answer, as far as it says something of the flow. */
export interface FlowAnswer {
  status: number | null;
  /** Null: it did not ask to slow down. */
  throttle: Throttle | null;
  /** The webhook's `slowDowns` at the claim. */
  slowDowns: number;
}

/** Returns the requests per second that the receiver seems to take, as `learned_rate_at` does; null: no limit is known. */
function learnedRateAt({ slowedAt, throttledUntil, learnedRate }: Webhook, now: number): number | null {
  const countsFrom = slowedAt === null ? null : Math.max(slowedAt, throttledUntil ?? -Infinity);
  const isKnown = countsFrom !== null && now - countsFrom <= LEARNED_FOR_MS && countsFrom - now <= LONGEST_HOLD_MS + CORRECTED_MS;
  return isKnown ? learnedRate : null;
}

/** Returns how many requests per second may be sent, as `rate_of` does; null: any number. */
export function rateOf(webhook: Webhook, now: number): number | null {
  const rates = [webhook.rateLimit, learnedRateAt(webhook, now)].filter((rate) => rate !== null);
  return rates.length === 0 ? null : Math.min(...rates);
}

/** Returns the learned rate after so many further requests, as `raised_rate` does. */
export function raisedRate(webhook: Webhook, now: number, requests: number): number | null {
  const { learnedFrom, rateLimit, throttledUntil } = webhook;
  const rate = learnedRateAt(webhook, now);
  if (rate === null || throttledUntil !== null) return rate;
  const isSearching = learnedFrom === null || rate > 2 * learnedFrom;
  const raised = rate + requests * (isSearching ? 0.5 * Math.min(1, rate) : 0.02 * learnedFrom * Math.min(1, 5 / rate));
  return raised < (rateLimit ?? FORGOTTEN_RATE) ? raised : null;
}

const highest = (counts: readonly number[]) => Math.max(-Infinity, ...counts);

/** Returns whether answers change the flow of a webhook. */
export function changesFlow(webhook: Webhook, answers: readonly FlowAnswer[]): boolean {
  const { throttledSince, overloadedSince, answeredSince } = summaryOf(answers);
  if (throttledSince > -Infinity || overloadedSince === webhook.slowDowns) return true;
  return (webhook.throttledUntil !== null || webhook.backoffCount > 0) && answeredSince === webhook.slowDowns;
}

function summaryOf(answers: readonly FlowAnswer[]) {
  const since = (counts: (answer: FlowAnswer) => boolean) => highest(answers.filter(counts).map(({ slowDowns }) => slowDowns));
  const throttles = answers.flatMap(({ throttle }) => throttle ?? []);
  const asked = throttles.flatMap(({ askedMs }) => (askedMs !== null && askedMs > 0 ? [askedMs] : []));
  return {
    throttledSince: since(({ throttle }) => throttle !== null),
    overloadedSince: since(({ status, throttle }) => throttle === null && [502, 503, 504].includes(status ?? 0)),
    answeredSince: since(({ status, throttle }) => throttle === null && status !== null),
    askedMs: asked.length === 0 ? null : Math.max(...asked),
    jitter: highest(throttles.map(({ jitter }) => jitter)),
  };
}

/** Slows the flow of a webhook down, or ends its hold, as `slow_down` does. */
export function slowDown(
  { now }: State,
  webhook: Webhook,
  answers: readonly FlowAnswer[],
  { slowDownsAreCounted, holdsAreKept }: Rules = RULES,
): void {
  const { throttledSince, overloadedSince, answeredSince, askedMs, jitter } = summaryOf(answers);
  const { slowDowns, throttledUntil, rateLimit } = webhook;
  const rate = learnedRateAt(webhook, now);
  const isThrottled = slowDownsAreCounted ? throttledSince === slowDowns : throttledSince > -Infinity;
  const isOverloaded = !isThrottled && overloadedSince === slowDowns;
  const isHeld = isThrottled || (throttledSince > -Infinity && askedMs !== null);
  if (isThrottled) {
    if (throttledUntil === null) webhook.learnedFrom = rate;
    if (rate === null) webhook.learnedRate = Math.min(1, rateLimit === null ? Infinity : rateLimit / 2);
    else webhook.learnedRate = throttledUntil === null ? Math.max(LOWEST_RATE, rate / 2) : rate;
    if (askedMs === null) webhook.backoffCount += 1;
  } else if (isOverloaded) {
    webhook.learnedFrom = rate;
    if (rate === null) webhook.learnedRate = Math.min(webhook.maxInFlight, rateLimit === null ? Infinity : rateLimit / 2);
    else webhook.learnedRate = Math.max(Math.min(1, rate), rate / 2);
  }
  if (isThrottled || isOverloaded) webhook.slowedAt = now;
  if (isHeld) {
    const longer = 1 + 0.1 * jitter;
    const { backoffCount } = webhook;
    const backoffMs = backoffCount > 0 ? Math.min(LONGEST_BACKOFF_MS, longer * 1000 * 2 ** (Math.min(backoffCount, 20) - 1)) : 0;
    const holdMs = Math.min(LONGEST_HOLD_MS, Math.max(longer * Math.max(SHORTEST_HOLD_MS, askedMs ?? 0), backoffMs));
    const earlier =
      throttledUntil !== null && throttledUntil <= now + LONGEST_HOLD_MS + CORRECTED_MS ? throttledUntil : -Infinity;
    webhook.throttledUntil = holdsAreKept ? Math.max(now + holdMs, earlier) : now + holdMs;
  } else if (answeredSince === slowDowns) {
    if (throttledUntil !== null) webhook.slowedAt = now;
    Object.assign(webhook, { throttledUntil: null, backoffCount: 0 });
  }
  if (isHeld || isOverloaded) webhook.slowDowns += 1;
}
