import { explainDuplicates, isSuccess } from './duplicates.js';
import { isExpectedBy } from './matching.js';
import type { Arrival, Ledger } from './ledger.js';
import { groupBy } from './group-by.js';

/** A delivery in the delivery log, after the faults have ended and nothing is pending. */
export interface LoggedDelivery {
  event: string;
  webhook: string;
  status: string;
  attempts: number;
  /** The number of attempts that were recorded as timed out. */
  timeouts: number;
  /** The number of attempts that were not recorded, since their worker had stood still for longer than the lease, by its own log. */
  outlived: number;
}

export interface Evidence {
  ledger: Ledger;
  deliveries: readonly LoggedDelivery[];
  /** The number of attempts of the retry policy. */
  maxAttempts: number;
  /** The longest time between the arrival of a request and its record: the lease, and some slack. */
  leaseMs: number;
}

/** The findings of a run. */
export interface Counts {
  accepted: number;
  unsure: number;
  /** Accepted events, counted once for each webhook that must get them. */
  expected: number;
  arrivals: number;
  /** Expected deliveries that no receiver answered with a 2xx, and that did not fail after all their attempts. */
  lost: number;
  /** Requests or log entries for an event that was never published for that webhook. */
  unexpected: number;
  /** Requests with a wrong signature, or with a timestamp that receivers refuse. */
  invalid: number;
  /** Deliveries whose requests had different bodies. */
  altered: number;
  duplicates: number;
  /** Requests after an attempt that timed out or outlived its lease although its receiver accepted it: the machine was slow. */
  late: number;
  /** The highest number of duplicates that the faults allow. */
  bound: number;
  /** Deliveries with a duplicate that no fault explains. */
  unexplained: number;
  /** Deliveries with more requests than the retry policy and the faults together allow. */
  excessive: number;
  /** Deliveries whose status in the log contradicts their receiver. */
  untrue: number;
}

export interface Verdict {
  counts: Counts;
  /** One sentence for each broken promise. */
  violations: string[];
  /** Further measurements, with their limits. */
  notes?: string[];
}

const EXAMPLES = 3;

/** Checks the evidence of a run against the promises of docs/reliability.md. A pure function. */
export function judge({ ledger, deliveries, maxAttempts, leaseMs }: Evidence): Verdict {
  const { webhooks, events, arrivals, faults } = ledger;
  const published = [...events.values()].filter(({ publication }) => publication !== 'withdrawn');
  const arrived = groupBy(arrivals, keyOf);
  const logged = new Map(deliveries.map((delivery) => [keyOf(delivery), delivery]));
  const allowed = new Set(
    published.flatMap((event) =>
      webhooks.filter((webhook) => isExpectedBy(event, webhook)).map(({ id }) => keyOf({ event: event.id, webhook: id })),
    ),
  );
  const expected = [...allowed].filter((each) => events.get(eventOf(each))?.publication === 'accepted');
  const slow = new Map(deliveries.map((delivery) => [keyOf(delivery), delivery.timeouts + delivery.outlived]));
  const { duplicates, late, unexplained, interruptions } = explainDuplicates(arrived, faults, leaseMs, slow);

  const found: Record<string, string[]> = {
    lost: expected.filter((each) => !isDelivered(arrived.get(each)) && !usedAllAttempts(logged.get(each), maxAttempts)),
    unexpected: [...new Set([...arrived.keys(), ...logged.keys()])].filter((each) => !allowed.has(each)),
    'with a wrong signature': arrivals.filter(({ signature }) => signature === 'wrong').map(keyOf),
    'with a timestamp that receivers refuse': arrivals.filter(({ signature }) => signature === 'stale').map(keyOf),
    'with another body': [...arrived]
      .filter(([, same]) => new Set(same.map(({ bodyHash }) => bodyHash)).size > 1)
      .map(([each]) => each),
    'duplicates that no fault explains': unexplained,
    'with more requests than allowed': [...arrived]
      .filter(([each, list]) => list.length > maxAttempts + (interruptions.get(each) ?? 0) + (logged.get(each)?.outlived ?? 0))
      .map(([each]) => each),
    'with a status in the log that contradicts the receiver': [...new Set([...allowed, ...logged.keys()])].filter((each) => {
      const delivery = logged.get(each);
      return delivery !== undefined && !matchesReceiver(delivery, arrived.get(each), maxAttempts);
    }),
  };

  const bound = faults.reduce((sum, { interrupts }) => sum + interrupts, 0);
  const violations = Object.entries(found)
    .filter(([, list]) => list.length > 0)
    .map(
      ([finding, list]) =>
        `${String(list.length)} ${finding}: ${list.slice(0, EXAMPLES).join(', ')}${list.length > EXAMPLES ? ', …' : ''}`,
    );
  if (duplicates > bound) violations.push(`${String(duplicates)} duplicates, though the faults allow ${String(bound)}`);

  const count = (finding: string): number => found[finding]?.length ?? 0;
  return {
    counts: {
      accepted: published.filter(({ publication }) => publication === 'accepted').length,
      unsure: published.filter(({ publication }) => publication === 'unsure').length,
      expected: expected.length,
      arrivals: arrivals.length,
      lost: count('lost'),
      unexpected: count('unexpected'),
      invalid: count('with a wrong signature') + count('with a timestamp that receivers refuse'),
      altered: count('with another body'),
      duplicates,
      late,
      bound,
      unexplained: unexplained.length,
      excessive: count('with more requests than allowed'),
      untrue: count('with a status in the log that contradicts the receiver'),
    },
    violations,
  };
}

/** The name of a delivery in findings. */
export function keyOf({ event, webhook }: { event: string; webhook: string }): string {
  return `${event} → ${webhook}`;
}

function eventOf(each: string): string {
  return each.slice(0, each.indexOf(' '));
}

function isDelivered(arrivals: readonly Arrival[] = []): boolean {
  return arrivals.some(({ status, answeredAtMs }) => isSuccess(status) && answeredAtMs !== null);
}

/** Whether the log says that the delivery failed after the last attempt of the retry policy: that is not a loss. */
function usedAllAttempts(delivery: LoggedDelivery | undefined, maxAttempts: number): boolean {
  return delivery?.status === 'failed' && delivery.attempts === maxAttempts;
}

/** Whether the log has `succeeded` exactly where a receiver answered 2xx, and otherwise `failed` after the last attempt. */
function matchesReceiver(delivery: LoggedDelivery, arrivals: readonly Arrival[] | undefined, maxAttempts: number): boolean {
  if (delivery.attempts > maxAttempts) return false;
  if (isDelivered(arrivals)) return delivery.status === 'succeeded';
  return usedAllAttempts(delivery, maxAttempts);
}
