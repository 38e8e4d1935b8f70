import type { Arrival, Fault } from './ledger.js';

export interface Explanation {
  /** Requests that a receiver accepted with a 2xx beyond the first of their delivery, without the `late` ones. */
  duplicates: number;
  /** Requests after an attempt that timed out, or outlived its lease, although its receiver accepted it. */
  late: number;
  /** Keys of the deliveries with a duplicate that no fault can have caused. */
  unexplained: string[];
  /** For each delivery with a request during a fault: the number of requests whose record the faults may have prevented. */
  interruptions: Map<string, number>;
}

/**
 * Matches duplicates with faults (I4). Between two requests that a receiver accepted, there must be a fault that prevented
 * the record of the first one, or that resumed a worker after it had lost its lease. A fault explains one duplicate of a
 * delivery (or `perDelivery`, where it is more), so two duplicates need two faults.
 *
 * One more cause is not a fault: the machine was slow. A receiver accepted the request and answered too late, and the attempt is
 * recorded as timed out. Or the worker stood still until another one could claim the delivery, and logged how long it had held
 * the lease. As many duplicates as there are such attempts are `late`.
 *
 * @param arrived the requests of each delivery, by its key
 * @param leaseMs a request that arrived longer than this before a fault was recorded by then, or its lease had expired
 * @param slow the number of attempts of each delivery that timed out or outlived their lease
 */
export function explainDuplicates(
  arrived: ReadonlyMap<string, readonly Arrival[]>,
  faults: readonly Fault[],
  leaseMs: number,
  slow: ReadonlyMap<string, number> = new Map(),
): Explanation {
  const interrupting = faults.filter(({ interrupts }) => interrupts > 0).sort((a, b) => a.untilMs - b.untilMs);
  const unexplained: string[] = [];
  const interruptions = new Map<string, number>();
  let duplicates = 0;
  let late = 0;

  for (const [delivery, arrivals] of arrived) {
    const causes = interrupting.filter((fault) => arrivals.some(({ atMs }) => mayInterrupt(fault, atMs, leaseMs)));
    if (causes.length > 0)
      interruptions.set(
        delivery,
        causes.reduce((sum, { perDelivery }) => sum + perDelivery, 0),
      );

    const accepted = arrivals.filter(({ status }) => isSuccess(status)).sort((a, b) => a.atMs - b.atMs);
    const more = Math.max(0, accepted.length - 1);
    const excused = Math.min(more, slow.get(delivery) ?? 0);
    late += excused;
    duplicates += more - excused;
    const uses = new Map<Fault, number>();
    const causeless = accepted.slice(1).filter((later, index) => {
      const earlier = accepted[index] as Arrival;
      // Uses the fault that ends first: it is the least likely to explain one of the following pairs.
      const cause = interrupting.find(
        (fault) =>
          fault.fromMs <= later.atMs && mayInterrupt(fault, earlier.atMs, leaseMs) && (uses.get(fault) ?? 0) < fault.perDelivery,
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

/** Whether a request that arrived at `atMs` can have been in flight, sent and not recorded, during the fault. */
function mayInterrupt({ fromMs, untilMs }: Fault, atMs: number, leaseMs: number): boolean {
  return untilMs >= atMs && fromMs - atMs <= leaseMs;
}
