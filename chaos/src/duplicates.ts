import type { Arrival, Fault } from './ledger.js';

export interface Explanation {
  /** Requests that a receiver took beyond the first of their delivery, without those that are `late`. */
  duplicates: number;
  /** Requests that followed an attempt which was recorded as timed out, though its receiver took it. */
  late: number;
  /** Deliveries with a duplicate that no fault can have caused. */
  unexplained: string[];
  /** How many requests of a delivery the faults may have kept from being recorded, where there are any. */
  interruptions: Map<string, number>;
}

/**
 * Holds duplicates against faults (I4). Between two requests that a receiver took, there must be a fault that kept the
 * first one from being recorded, or let a worker go on that had lost its lease. One fault explains one duplicate of a
 * delivery (`perDelivery`, if it says more), so two duplicates need two faults.
 *
 * There is one more cause, which is no fault of anybody: a receiver that took the request, and answered too late. The
 * attempt was recorded then, as timed out; as many duplicates as there are such attempts are `late`.
 *
 * @param arrived what came, by delivery
 * @param leaseMs a request that came longer before the fault had been recorded, or its lease had run out
 * @param timeouts how many attempts of a delivery were recorded as timed out
 */
export function explainDuplicates(
  arrived: ReadonlyMap<string, readonly Arrival[]>,
  faults: readonly Fault[],
  leaseMs: number,
  timeouts: ReadonlyMap<string, number> = new Map(),
): Explanation {
  const interrupting = faults.filter(({ interrupts }) => interrupts > 0).sort((a, b) => a.untilMs - b.untilMs);
  const unexplained: string[] = [];
  const interruptions = new Map<string, number>();
  let duplicates = 0;
  let late = 0;

  for (const [delivery, arrivals] of arrived) {
    const met = interrupting.filter((fault) => arrivals.some(({ atMs }) => reaches(fault, atMs, leaseMs)));
    if (met.length > 0)
      interruptions.set(
        delivery,
        met.reduce((sum, { perDelivery }) => sum + perDelivery, 0),
      );

    const taken = arrivals.filter(({ status }) => isSuccess(status)).sort((a, b) => a.atMs - b.atMs);
    const more = Math.max(0, taken.length - 1);
    const excused = Math.min(more, timeouts.get(delivery) ?? 0);
    late += excused;
    duplicates += more - excused;
    const uses = new Map<Fault, number>();
    const causeless = taken.slice(1).filter((later, index) => {
      const earlier = taken[index] as Arrival;
      // The one that ends first is the one that the following pairs have least use for.
      const cause = interrupting.find(
        (fault) =>
          fault.fromMs <= later.atMs && reaches(fault, earlier.atMs, leaseMs) && (uses.get(fault) ?? 0) < fault.perDelivery,
      );
      if (cause) uses.set(cause, (uses.get(cause) ?? 0) + 1);
      return cause === undefined;
    });
    if (causeless.length > excused) unexplained.push(delivery);
  }
  return { duplicates, late, unexplained, interruptions };
}

export function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status <= 299;
}

/** Whether a request that came then can have been under way, sent and not recorded, during the fault. */
function reaches({ fromMs, untilMs }: Fault, atMs: number, leaseMs: number): boolean {
  return untilMs >= atMs && fromMs - atMs <= leaseMs;
}
