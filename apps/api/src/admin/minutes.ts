import { DURATION_BOUNDS_MS, percentile, type MinuteActivity } from '@tidings/database';

/** What was attempted in one minute. */
export interface Minute {
  at: Date;
  succeeded: number;
  failed: number;
  p50_ms: number | null;
  p95_ms: number | null;
}

const MINUTE_MS = 60_000;

/** The last minutes, oldest first, one after another: those without attempts as well. */
export function toMinutes(rows: readonly MinuteActivity[], count: number, now: Date): Minute[] {
  const latest = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(latest - (count - 1 - index) * MINUTE_MS);
    const own = rows.filter(({ minute }) => minute.getTime() === at.getTime());
    const attempts = (list: readonly MinuteActivity[]) => list.reduce((sum, row) => sum + row.attempts, 0);
    const succeeded = attempts(own.filter(({ outcome }) => outcome === 'succeeded'));
    const durations = Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, (_none, place) =>
      own.reduce((sum, row) => sum + (row.durations[place] ?? 0), 0),
    );
    return {
      at,
      succeeded,
      failed: attempts(own) - succeeded,
      p50_ms: rounded(durations, 0.5),
      p95_ms: rounded(durations, 0.95),
    };
  });
}

/** Why attempts failed, the most frequent class first. */
export function toErrors(rows: readonly MinuteActivity[]): { error_class: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { outcome, attempts } of rows)
    if (outcome !== 'succeeded') counts.set(outcome, (counts.get(outcome) ?? 0) + attempts);
  return [...counts]
    .map(([error_class, count]) => ({ error_class, count }))
    .sort((one, other) => other.count - one.count || (one.error_class < other.error_class ? -1 : 1));
}

function rounded(durations: readonly number[], share: number): number | null {
  const value = percentile(durations, share);
  return value === null ? null : Math.round(value);
}
