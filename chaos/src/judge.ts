import { explainDuplicates, isSuccess } from './duplicates.js';
import { isFor } from './expectation.js';
import type { Arrival, Ledger } from './ledger.js';

/** A delivery as the delivery log has it, after all was healed and drained. */
export interface LoggedDelivery {
  event: string;
  webhook: string;
  status: string;
  attempts: number;
  /** Those of them that were recorded as timed out. */
  timeouts: number;
}

export interface Evidence {
  ledger: Ledger;
  deliveries: readonly LoggedDelivery[];
  /** The most attempts that the retry policy makes. */
  maxAttempts: number;
  /** How long after its arrival a request may still be waiting to be recorded: the lease. */
  leaseMs: number;
}

/** What the run is judged by. */
export interface Counts {
  accepted: number;
  unsure: number;
  /** Accepted events, once for each webhook that they are for. */
  expected: number;
  arrivals: number;
  /** No 2xx and no honest failure: the delivery never came. */
  lost: number;
  /** Came, and was never published for that webhook. */
  unexpected: number;
  /** Signature wrong, or for a time that a receiver refuses. */
  invalid: number;
  /** The same event with another body. */
  altered: number;
  duplicates: number;
  /** Sent again after an attempt that was recorded as timed out, though its receiver took it: the machine was slow. */
  late: number;
  /** How many duplicates the faults allow. */
  bound: number;
  /** Duplicates that no fault explains. */
  unexplained: number;
  /** Deliveries with more requests than attempts and faults together allow. */
  excessive: number;
  /** Deliveries whose state in the log is not what their receiver saw. */
  untrue: number;
}

export interface JobOutcome {
  counts: Counts;
  /** One sentence each; none: the run kept every promise. */
  violations: string[];
  /** What else was measured, and what it was held against. */
  notes?: string[];
}

const EXAMPLES = 3;

/** Whether what happened keeps the promises of docs/reliability.md. A function of the evidence alone. */
export function judge({ ledger, deliveries, maxAttempts, leaseMs }: Evidence): JobOutcome {
  const { webhooks, events, arrivals, faults } = ledger;
  const published = [...events.values()];
  const arrived = groupBy(arrivals, key);
  const logged = new Map(deliveries.map((delivery) => [key(delivery), delivery]));
  const allowed = new Set(
    published.flatMap((event) =>
      webhooks.filter((webhook) => isFor(event, webhook)).map(({ id }) => key({ event: event.id, webhook: id })),
    ),
  );
  const owed = [...allowed].filter((each) => events.get(eventOf(each))?.publication === 'accepted');
  const timeouts = new Map(deliveries.map((delivery) => [key(delivery), delivery.timeouts]));
  const { duplicates, late, unexplained, interruptions } = explainDuplicates(arrived, faults, leaseMs, timeouts);

  const found: Record<string, string[]> = {
    lost: owed.filter((each) => !isDelivered(arrived.get(each)) && !isGivenUp(logged.get(each), maxAttempts)),
    unexpected: [...new Set([...arrived.keys(), ...logged.keys()])].filter((each) => !allowed.has(each)),
    'with a wrong signature': arrivals.filter(({ signature }) => signature === 'wrong').map(key),
    'signed for a time that receivers refuse': arrivals.filter(({ signature }) => signature === 'stale').map(key),
    'with another body': [...arrived]
      .filter(([, same]) => new Set(same.map(({ bodyHash }) => bodyHash)).size > 1)
      .map(([each]) => each),
    'duplicates that no fault explains': unexplained,
    'attempted more often than allowed': [...arrived]
      .filter(([each, list]) => list.length > maxAttempts + (interruptions.get(each) ?? 0))
      .map(([each]) => each),
    'logged as something that its receiver did not see': [...new Set([...allowed, ...logged.keys()])].filter((each) => {
      const delivery = logged.get(each);
      return delivery !== undefined && !isTrue(delivery, arrived.get(each), maxAttempts);
    }),
  };

  const bound = faults.reduce((sum, { interrupts }) => sum + interrupts, 0);
  const violations = Object.entries(found)
    .filter(([, list]) => list.length > 0)
    .map(
      ([what, list]) =>
        `${String(list.length)} ${what}: ${list.slice(0, EXAMPLES).join(', ')}${list.length > EXAMPLES ? ', …' : ''}`,
    );
  if (duplicates > bound) violations.push(`${String(duplicates)} duplicates, though the faults allow ${String(bound)}`);

  const count = (what: string): number => found[what]?.length ?? 0;
  return {
    counts: {
      accepted: published.filter(({ publication }) => publication === 'accepted').length,
      unsure: published.filter(({ publication }) => publication === 'unsure').length,
      expected: owed.length,
      arrivals: arrivals.length,
      lost: count('lost'),
      unexpected: count('unexpected'),
      invalid: count('with a wrong signature') + count('signed for a time that receivers refuse'),
      altered: count('with another body'),
      duplicates,
      late,
      bound,
      unexplained: unexplained.length,
      excessive: count('attempted more often than allowed'),
      untrue: count('logged as something that its receiver did not see'),
    },
    violations,
  };
}

function key({ event, webhook }: { event: string; webhook: string }): string {
  return `${event} → ${webhook}`;
}

function eventOf(each: string): string {
  return each.slice(0, each.indexOf(' '));
}

function isDelivered(arrivals: readonly Arrival[] = []): boolean {
  return arrivals.some(({ status, answeredAtMs }) => isSuccess(status) && answeredAtMs !== null);
}

/** The retry policy was used up to its end, as the log says: that is no loss. */
function isGivenUp(delivery: LoggedDelivery | undefined, maxAttempts: number): boolean {
  return delivery?.status === 'failed' && delivery.attempts === maxAttempts;
}

/** `succeeded` exactly where a receiver said so; nothing is left pending; failed only after the last attempt. */
function isTrue(delivery: LoggedDelivery, arrivals: readonly Arrival[] | undefined, maxAttempts: number): boolean {
  if (delivery.attempts > maxAttempts) return false;
  if (isDelivered(arrivals)) return delivery.status === 'succeeded';
  return isGivenUp(delivery, maxAttempts);
}

function groupBy<Thing>(things: readonly Thing[], by: (thing: Thing) => string): Map<string, Thing[]> {
  const groups = new Map<string, Thing[]>();
  for (const thing of things) {
    const group = groups.get(by(thing));
    if (group) group.push(thing);
    else groups.set(by(thing), [thing]);
  }
  return groups;
}
