import { DURATION_BOUNDS_MS, percentile, type MinuteActivity } from '@tidings/database';

/** The attempts of one minute, in JSON. The percentiles are durations in milliseconds; null without attempts. */
export interface Minute {
  at: Date;
  succeeded: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

const MINUTE_MS = 60_000;

/**
 * Fills a series of the last `count` minutes, oldest first. A minute without attempts has counts of 0.
 *
 * @param rows the attempts of each minute and outcome
 */
export function toMinutes(rows: readonly MinuteActivity[], count: number, now: Date): Minute[] {
  const latest = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(latest - (count - 1 - index) * MINUTE_MS);
    const rowsOfMinute = rows.filter(({ minute }) => minute.getTime() === at.getTime());
    const attempts = (list: readonly MinuteActivity[]) => list.reduce((sum, row) => sum + row.attempts, 0);
    const succeeded = attempts(rowsOfMinute.filter(({ outcome }) => outcome === 'succeeded'));
    const durations = Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, (_none, bucket) =>
      rowsOfMinute.reduce((sum, row) => sum + (row.durations[bucket] ?? 0), 0),
    );
    return {
      at,
      succeeded,
      failed: attempts(rowsOfMinute) - succeeded,
      p50_ms: roundedPercentile(durations, 0.5),
      p95_ms: roundedPercentile(durations, 0.95),
    };
  });
}

/** Counts failed attempts by error class, most frequent class first. */
export function toErrors(rows: readonly MinuteActivity[]): { error_class: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { outcome, attempts } of rows)
    if (outcome !== 'succeeded') counts.set(outcome, (counts.get(outcome) ?? 0) + attempts);
  return [...counts]
    .map(([error_class, count]) => ({ error_class, count }))
    .sort((one, other) => other.count - one.count || (one.error_class < other.error_class ? -1 : 1));
}

function roundedPercentile(durations: readonly number[], share: number): number | null {
  const value = percentile(durations, share);
  return value === null ? null : Math.round(value);
}
