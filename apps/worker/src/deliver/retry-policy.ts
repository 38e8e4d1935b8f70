import { RETRY_SCHEDULES, SCHEDULE_JITTER, type RetryPolicy } from '@tidings/config';

/**
 * Returns the wait before the next attempt, in milliseconds: that of the schedule, or capped exponential backoff, of which the part
 * `jitter` is random. Without jitter a receiver that recovers would get its backlog all at once
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param attempt the number of the failed attempt, from 1
 * @param random from 0 up to, but not including, 1
 */
export function nextDelay(
  { initialDelayMs, maxDelayMs, jitter, schedule }: RetryPolicy,
  attempt: number,
  random: number,
): number {
  const scheduledMs: number | undefined = schedule === null ? undefined : RETRY_SCHEDULES[schedule][attempt - 1];
  if (scheduledMs !== undefined) return Math.floor(scheduledMs * (1 + SCHEDULE_JITTER * random));
  const maxWaitMs = Math.min(initialDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return Math.floor(maxWaitMs * (1 - jitter + jitter * random));
}
