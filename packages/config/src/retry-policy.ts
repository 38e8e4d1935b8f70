/** The most attempts that an operator or an owner may set. */
export const MAX_ATTEMPTS = 20;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The schedules of retries, by name: the waits before the second attempt and each further one, in milliseconds.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const RETRY_SCHEDULES = {
  'standard-webhooks': [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
  ],
} as const satisfies Record<string, readonly number[]>;

/** The name of a schedule. */
export type RetrySchedule = keyof typeof RETRY_SCHEDULES;

/** The names of all schedules. */
export const RETRY_SCHEDULE_NAMES = Object.keys(RETRY_SCHEDULES) as RetrySchedule[];

/** A wait of a schedule is longer by a random part, up to this: deliveries that failed together do not come back together. */
export const SCHEDULE_JITTER = 0.1;

/** When a delivery is retried after a failed attempt: capped exponential backoff with jitter, or by a schedule. */
export interface RetryPolicy {
  /** The number of attempts, including the first. */
  maxAttempts: number;
  /** The longest wait before the second attempt, in milliseconds. It doubles with each further attempt. */
  initialDelayMs: number;
  /** The cap of every wait, in milliseconds. */
  maxDelayMs: number;
  /** The part of each wait that is random, from 0 to 1. */
  jitter: number;
  /** The schedule of the waits, instead of the values above; null: none. */
  schedule: RetrySchedule | null;
}

/** The part of the retry policy that the owner of a webhook may set. Null: the default policy applies. */
export interface RetryOverride {
  maxAttempts: number | null;
  initialDelayMs: number | null;
  maxDelayMs: number | null;
  /** The name of a schedule. An unknown one, of a later version, is ignored. */
  schedule: string | null;
}

/** Three attempts: the second one to two minutes after the first, the third two to four minutes later: a receiver may restart meanwhile. */
export const DEFAULT_RETRY_POLICY = {
  maxAttempts: 3,
  initialDelayMs: 2 * MINUTE_MS,
  maxDelayMs: HOUR_MS,
  jitter: 0.5,
  schedule: null,
} as const satisfies RetryPolicy;

/**
 * Returns the default policy, overridden by the settings of the webhook. A schedule fixes the number of attempts; one of the
 * default policy applies only to webhooks without any values of their own.
 */
export function policyOf(defaults: RetryPolicy, override: RetryOverride): RetryPolicy {
  const { maxAttempts, initialDelayMs, maxDelayMs } = override;
  const hasValues = maxAttempts !== null || initialDelayMs !== null || maxDelayMs !== null;
  const schedule = findSchedule(override.schedule) ?? (hasValues ? null : defaults.schedule);
  return {
    maxAttempts: schedule === null ? (maxAttempts ?? defaults.maxAttempts) : RETRY_SCHEDULES[schedule].length + 1,
    initialDelayMs: initialDelayMs ?? defaults.initialDelayMs,
    maxDelayMs: maxDelayMs ?? defaults.maxDelayMs,
    jitter: defaults.jitter,
    schedule,
  };
}

const findSchedule = (name: string | null) => RETRY_SCHEDULE_NAMES.find((known) => known === name) ?? null;

/** Returns the longest time from the first attempt of a delivery to its last, in milliseconds, without the attempts themselves. */
export function longestSpanMs({ maxAttempts, initialDelayMs, maxDelayMs, schedule }: RetryPolicy): number {
  const waits =
    schedule === null
      ? Array.from({ length: maxAttempts - 1 }, (_, index) => Math.min(initialDelayMs * 2 ** index, maxDelayMs))
      : RETRY_SCHEDULES[schedule].map((wait) => wait * (1 + SCHEDULE_JITTER));
  return waits.reduce((sum, wait) => sum + wait, 0);
}
