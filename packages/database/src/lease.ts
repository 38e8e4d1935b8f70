/** The highest DELIVERY_TIMEOUT_MS that a worker accepts, in milliseconds: no request to a receiver lasts longer. */
export const MAX_DELIVERY_TIMEOUT_MS = 60_000;

/**
 * Returns how long the lease of a claim holds, in milliseconds: the request may take its whole timeout, and recording it
 * as long again.
 *
 * @param timeoutMs the worker's DELIVERY_TIMEOUT_MS
 */
export function leaseMsFor(timeoutMs: number): number {
  return 2 * timeoutMs;
}

/** No lease holds longer, in seconds: a request that was in flight when its delivery was cancelled has ended by then. */
export const LONGEST_LEASE_S = leaseMsFor(MAX_DELIVERY_TIMEOUT_MS) / 1000;
