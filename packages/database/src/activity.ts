/**
 * Upper bounds of the classes that durations of attempts are counted in, in milliseconds; one more class has the longer ones.
 * Counts of several minutes and workers can be added; percentiles cannot.
 */
export const DURATION_BOUNDS_MS = [
  1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 200, 350, 500, 750, 1000, 1500, 2000, 3500, 5000, 7500, 10_000, 15_000, 20_000, 30_000,
  60_000,
] as const;

/** Returns the index of the class that a duration is counted in. */
export function durationClass(durationMs: number): number {
  const index = DURATION_BOUNDS_MS.findIndex((bound) => durationMs <= bound);
  return index === -1 ? DURATION_BOUNDS_MS.length : index;
}

/**
 * Returns a percentile of the durations, in milliseconds, as if each class were evenly filled; for the last class, which has
 * no upper bound, its lower bound. Null when there are no durations.
 *
 * @param counts number of durations in each class
 * @param share from 0 to 1, such as 0.95 for p95
 */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = share * total;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && left <= count) {
      const from = DURATION_BOUNDS_MS[index - 1] ?? 0;
      const until = DURATION_BOUNDS_MS[index] ?? from;
      return from + (until - from) * (left / count);
    }
    left -= count;
  }
  return DURATION_BOUNDS_MS.at(-1) ?? null;
}
