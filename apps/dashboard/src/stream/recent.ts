import type { StreamedEvent } from '@tidings/client';

/** One event as it came. */
export interface Arrival {
  event: StreamedEvent;
  /** Unix milliseconds, on this machine's clock. */
  at: number;
}

/** What is shown of a stream that has no end: the newest events, and how many came before those. */
export interface Recent {
  /** Newest first. */
  arrivals: readonly Arrival[];
  /** Came, and are kept no longer. */
  dropped: number;
}

export const NOTHING: Recent = { arrivals: [], dropped: 0 };

/**
 * Adds what came, oldest first, and lets go of the oldest beyond the limit.
 *
 * @param limit how many are kept
 */
export function withNewer(recent: Recent, newer: readonly Arrival[], limit: number): Recent {
  const all = [...newer].reverse().concat(recent.arrivals);
  return { arrivals: all.slice(0, limit), dropped: recent.dropped + Math.max(0, all.length - limit) };
}
