import { keyOf } from './judge.js';

const LOST = 'The lease was lost before the attempt was recorded.';

/**
 * Counts, for each delivery, the attempts that their workers could not record, because the lease had expired: a worker stood
 * still for so long. A lease that a worker lost earlier was taken from it, which is a fault of Tidings: it is not counted.
 *
 * @param lines the log of the workers, in JSON
 * @param leaseMs how long a lease lasts, in milliseconds
 * @returns the numbers by `keyOf` the delivery
 */
export function countOutlivedLeases(lines: Iterable<string>, leaseMs: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    if (!line.includes(LOST)) continue;
    const { event_id, webhook_id, held_ms } = JSON.parse(line) as { event_id: string; webhook_id: string; held_ms: number };
    if (held_ms < leaseMs) continue;
    const delivery = keyOf({ event: event_id, webhook: webhook_id });
    counts.set(delivery, (counts.get(delivery) ?? 0) + 1);
  }
  return counts;
}
