import { explainDuplicates, isSuccess } from './duplicates.js';
import { isCertain, possibleValues, type History } from './history.js';
import type { Counts, Verdict } from './judge.js';
import { isExpectedBy } from './matching.js';
import type { Arrival, Ledger, PublishedEvent } from './ledger.js';
import { groupBy } from './group-by.js';

/** A webhook, and the values that its settings had. */
export interface ChangedWebhook {
  id: string;
  owner: string;
  /** False before its registration, and after its deletion. */
  enabled: History<boolean>;
  paused: History<boolean>;
  types: History<readonly string[]>;
  ordering: History<'unordered' | 'fifo'>;
  maxInFlight: History<number>;
  path: History<string>;
  /** Requests per second; null: no limit. */
  rateLimit: number | null;
}

/** A delivery in the delivery log, at the end. */
export interface LoggedChange {
  event: string;
  webhook: string;
  position: number;
  status: string;
  /** Whether an owner retried or replayed it. */
  isReplay: boolean;
}

/** An attempt in the delivery log. */
export interface LoggedAttempt {
  event: string;
  webhook: string;
  number: number;
  startedAtMs: number;
  durationMs: number;
  isReplay: boolean;
  /** Whether the receiver answered. */
  isAnswered: boolean;
}

/** The leases of a webhook at one moment. */
export interface LeaseCount {
  webhook: string;
  atMs: number;
  leases: number;
}

export interface ChangesEvidence {
  ledger: Pick<Ledger, 'events' | 'arrivals' | 'faults'>;
  webhooks: readonly ChangedWebhook[];
  deliveries: readonly LoggedChange[];
  attempts: readonly LoggedAttempt[];
  leases: readonly LeaseCount[];
  /** The time from which no event was published and no webhook was changed. */
  endMs: number;
  leaseMs: number;
  /** The longest time from a claim to the arrival of its request: requests that were under way at a change arrive within it. */
  underWayMs: number;
}

const EXAMPLES = 3;
/** The burst of the rate limit, and the time by which a start may be late after its claim. */
const BURST_S = 0.1;
const LATE_START_S = 1;

/** Judges a run in which webhooks were changed, disabled, paused, deleted, retried and replayed. A pure function. */
export function judgeChanges(evidence: ChangesEvidence): Verdict {
  const { ledger, webhooks, deliveries, attempts, endMs, leaseMs } = evidence;
  const byId = new Map(webhooks.map((webhook) => [webhook.id, webhook]));
  const events = [...ledger.events.values()];
  const accepted = events.filter(({ publication }) => publication === 'accepted');
  const arrived = groupBy(ledger.arrivals, key);
  const logged = groupBy(deliveries, key);
  const attempted = groupBy(attempts, key);
  const onTime = ledger.arrivals.filter((arrival) => !isLate(arrival, attempted.get(key(arrival))));
  const arrivedOnTime = groupBy(onTime, key);
  const pairs = (match: (event: PublishedEvent, webhook: ChangedWebhook) => boolean): string[] =>
    accepted.flatMap((event) =>
      webhooks.filter((webhook) => match(event, webhook)).map(({ id }) => key({ event: event.id, webhook: id })),
    );
  const expected = pairs((event, webhook) => isSurelyWanted(event, webhook, endMs));
  const { interruptions } = explainDuplicates(arrived, ledger.faults, leaseMs);
  const interrupted = (each: string): number => interruptions.get(each) ?? 0;
  /** Requests beyond the attempts of the log. */
  const repeated = [...arrived]
    .map(([each, list]) => ({ each, more: list.length - (attempted.get(each)?.length ?? 0) }))
    .filter(({ more }) => more > 0);

  const found: Record<string, string[]> = {
    lost: expected.filter((each) => !isDelivered(arrived.get(each))),
    'without exactly one delivery in the log': pairs((event, webhook) =>
      isSurelyWanted(event, webhook, event.acceptedByMs ?? Infinity),
    ).filter((each) => logged.get(each)?.length !== 1),
    unexpected: [...new Set([...arrived.keys(), ...logged.keys()])].filter((each) => {
      const [event, webhook] = [ledger.events.get(eventOf(each)), byId.get(webhookOf(each))];
      return event === undefined || webhook === undefined || !mayBeWanted(event, webhook);
    }),
    'with a wrong signature or timestamp': onTime.filter(({ signature }) => signature !== 'valid').map(key),
    'with another body': [...arrived]
      .filter(([, list]) => new Set(list.map(({ bodyHash }) => bodyHash)).size > 1)
      .map(([each]) => each),
    'requests without an attempt in the log': repeated
      .filter(({ each, more }) => more > interrupted(each))
      .map(({ each }) => each),
    'with two requests at once': [...arrivedOnTime]
      .filter(([, list]) => list.some((one) => overlapsEarlier(one, list)))
      .map(([each]) => each),
    'answered attempts without a request': [...attempted]
      .filter(([each, list]) => list.filter(({ isAnswered }) => isAnswered).length > (arrived.get(each)?.length ?? 0))
      .map(([each]) => each),
    'with a status in the log that contradicts the receiver': [...logged]
      .filter(([each, list]) =>
        list.some((delivery) =>
          isUntrue(delivery, arrived.get(each), ledger.events.get(delivery.event), byId.get(delivery.webhook)),
        ),
      )
      .map(([each]) => each),
    ...findByWebhook(evidence, onTime, attempted),
  };
  const violations = Object.entries(found)
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => {
      const examples = [...new Set(list)].slice(0, EXAMPLES);
      return `${String(list.length)} ${name}: ${examples.join(', ')}${list.length > EXAMPLES ? ', …' : ''}`;
    });
  const bound = ledger.faults.reduce((sum, { interrupts }) => sum + interrupts, 0);
  const duplicates = repeated.reduce((sum, { more }) => sum + more, 0);
  if (duplicates > bound) violations.push(`${String(duplicates)} duplicates, though the faults allow ${String(bound)}`);

  const count = (name: string): number => found[name]?.length ?? 0;
  const counts: Counts = {
    accepted: accepted.length,
    unsure: events.filter(({ publication }) => publication === 'unsure').length,
    expected: expected.length,
    arrivals: ledger.arrivals.length,
    lost: count('lost'),
    unexpected: count('unexpected'),
    invalid: count('with a wrong signature or timestamp'),
    altered: count('with another body'),
    duplicates,
    late: ledger.arrivals.length - onTime.length,
    bound,
    unexplained: count('requests without an attempt in the log'),
    excessive: count('requests without an attempt in the log'),
    untrue: count('with a status in the log that contradicts the receiver'),
  };
  return { counts, violations };
}

/** The findings about requests in their order, webhook by webhook. */
function findByWebhook(
  evidence: ChangesEvidence,
  onTime: readonly Arrival[],
  attempted: ReadonlyMap<string, LoggedAttempt[]>,
): Record<string, string[]> {
  const { ledger, webhooks, deliveries, attempts, leases, underWayMs } = evidence;
  const replays = new Map(deliveries.map((delivery) => [key(delivery), delivery.isReplay]));
  const positions = new Map(deliveries.map((delivery) => [key(delivery), delivery.position]));
  const arrivals = groupBy(onTime, ({ webhook }) => webhook);
  const started = groupBy(attempts, ({ webhook }) => webhook);
  const found = {
    'requests after an acknowledged disable, delete or pause': [] as string[],
    'requests for an event of before the webhook was disabled': [] as string[],
    'requests to an earlier URL': [] as string[],
    'requests beyond max_in_flight': [] as string[],
    'moments with more leases than max_in_flight': [] as string[],
    'first requests out of order at fifo webhooks': [] as string[],
    'attempts beyond the rate limit': [] as string[],
  };
  for (const webhook of webhooks) {
    const list = [...(arrivals.get(webhook.id) ?? [])].sort((a, b) => a.atMs - b.atMs);
    const since = (atMs: number): number => atMs - underWayMs;
    const slotsAt = (atMs: number): number => slotsOf(webhook, since(atMs), atMs);

    found['requests after an acknowledged disable, delete or pause'].push(
      ...list.filter(({ atMs }) => isStopped(webhook, since(atMs), atMs)).map(key),
      ...excessAfterStops(webhook, list, underWayMs).map(key),
    );
    found['requests for an event of before the webhook was disabled'].push(
      ...list
        .filter((arrival) => replays.get(key(arrival)) !== true && isSuperseded(arrival, webhook, ledger.events, underWayMs))
        .map(key),
    );
    found['requests to an earlier URL'].push(
      ...list.filter(({ atMs, path }) => !possibleValues(webhook.path, since(atMs), atMs).includes(path)).map(key),
    );
    found['requests beyond max_in_flight'].push(
      ...list
        .filter(({ atMs }, index) => {
          const underWay = list.slice(0, index + 1).filter(({ endedAtMs }) => endedAtMs === null || endedAtMs > atMs).length;
          return underWay > slotsAt(atMs);
        })
        .map(key),
    );
    found['moments with more leases than max_in_flight'].push(
      ...leases
        .filter(
          ({ webhook: id, leases: count, atMs }) => id === webhook.id && count > slotsOf(webhook, atMs - evidence.leaseMs, atMs),
        )
        .map(({ atMs, leases: count }) => `${String(count)} of ${webhook.id} at ${atMs.toFixed(0)} ms`),
    );
    found['first requests out of order at fifo webhooks'].push(
      ...outOfOrder(
        list.filter(
          (arrival) =>
            arrival.attempt === 1 &&
            attempted.get(key(arrival))?.some(({ number, isReplay }) => number === 1 && isReplay) !== true,
        ),
        ({ atMs }) => isCertain(webhook.ordering, since(atMs), atMs, (ordering) => ordering === 'fifo'),
        (arrival) => positions.get(key(arrival)) ?? 0,
      ).map(key),
    );
    if (webhook.rateLimit !== null)
      found['attempts beyond the rate limit'].push(...beyondRate(started.get(webhook.id) ?? [], webhook.rateLimit).map(key));
  }
  return found;
}

/** Whether the webhook certainly got every event of this type all the time from its publishing to `untilMs`. */
function isSurelyWanted(event: PublishedEvent, webhook: ChangedWebhook, untilMs: number): boolean {
  const acceptedByMs = event.acceptedByMs ?? Infinity;
  return (
    isCertain(webhook.enabled, event.atMs, untilMs, Boolean) &&
    isCertain(webhook.types, event.atMs, acceptedByMs, (types) => isExpectedBy(event, { ...webhook, types }))
  );
}

function mayBeWanted(event: PublishedEvent, webhook: ChangedWebhook): boolean {
  const acceptedByMs = event.acceptedByMs ?? Infinity;
  return (
    event.publication !== 'withdrawn' &&
    possibleValues(webhook.enabled, event.atMs, acceptedByMs).includes(true) &&
    possibleValues(webhook.types, event.atMs, acceptedByMs).some((types) => isExpectedBy(event, { ...webhook, types }))
  );
}

/** Whether the log contradicts the receiver, or says that a delivery was cancelled although its webhook was never disabled. */
function isUntrue(
  { status }: LoggedChange,
  arrivals: readonly Arrival[] | undefined,
  event: PublishedEvent | undefined,
  webhook: ChangedWebhook | undefined,
): boolean {
  if (status === 'succeeded') return !isDelivered(arrivals);
  if (status === 'cancelled' || status === 'skipped')
    return event !== undefined && webhook !== undefined && isCertain(webhook.enabled, event.atMs, Infinity, Boolean);
  // No receiver fails so often that a delivery uses all its attempts.
  return true;
}

/** Whether nothing may have been claimed in this time. */
function isStopped({ enabled, paused }: ChangedWebhook, fromMs: number, untilMs: number): boolean {
  return !possibleValues(enabled, fromMs, untilMs).includes(true) || !possibleValues(paused, fromMs, untilMs).includes(false);
}

/** Whether the webhook was certainly disabled between the acceptance of the event and the claim of its delivery. */
function isSuperseded(
  { event, atMs }: Arrival,
  { enabled }: ChangedWebhook,
  events: ReadonlyMap<string, PublishedEvent>,
  underWayMs: number,
): boolean {
  const acceptedByMs = events.get(event)?.acceptedByMs ?? Infinity;
  return enabled.some(
    ({ value, fromMs, untilMs }) => !value && untilMs !== null && fromMs > acceptedByMs && untilMs < atMs - underWayMs,
  );
}

function slotsOf({ ordering, maxInFlight }: ChangedWebhook, fromMs: number, untilMs: number): number {
  if (!possibleValues(ordering, fromMs, untilMs).includes('unordered')) return 1;
  return Math.max(...possibleValues(maxInFlight, fromMs, untilMs));
}

/** After each acknowledged stop: the requests beyond those that can have been under way. */
function excessAfterStops(webhook: ChangedWebhook, arrivals: readonly Arrival[], underWayMs: number): Arrival[] {
  const stops = [
    ...webhook.enabled.map((change, index) => ({ change, next: webhook.enabled[index + 1], isStop: !change.value })),
    ...webhook.paused.map((change, index) => ({ change, next: webhook.paused[index + 1], isStop: change.value })),
  ].filter(({ isStop }) => isStop);
  return stops.flatMap(({ change: { untilMs }, next }) => {
    if (untilMs === null || untilMs === -Infinity) return [];
    const end = Math.min(untilMs + underWayMs, next?.fromMs ?? Infinity);
    const after = arrivals.filter(({ atMs }) => atMs > untilMs && atMs < end);
    return after.slice(slotsOf(webhook, untilMs - underWayMs, untilMs));
  });
}

/** The arrivals with a lower position than an earlier one, in each time of order. */
function outOfOrder(
  arrivals: readonly Arrival[],
  isOrdered: (arrival: Arrival) => boolean,
  positionOf: (arrival: Arrival) => number,
): Arrival[] {
  let last = 0;
  return arrivals.filter((arrival) => {
    if (!isOrdered(arrival)) {
      last = 0;
      return false;
    }
    const position = positionOf(arrival);
    const isLate = position < last;
    last = Math.max(last, position);
    return isLate;
  });
}

/** The attempts that end a time with more starts than the rate limit allows. */
function beyondRate(attempts: readonly LoggedAttempt[], perSecond: number): LoggedAttempt[] {
  const sorted = [...attempts].sort((a, b) => a.startedAtMs - b.startedAtMs);
  // Whether `count` starts fit is a line in time, so the earliest start that matters can be kept while scanning.
  let slack = Infinity;
  return sorted.filter(({ startedAtMs }, index) => {
    const used = index - (perSecond * startedAtMs) / 1000;
    slack = Math.min(slack, used);
    return used - slack > perSecond * (BURST_S + LATE_START_S) + 1;
  });
}

/** The recorded start of an attempt may be this much after the arrival of its request, and so may the end be before it. */
const CLOCK_SLACK_MS = 250;

/**
 * Whether the worker may have given up the request before its receiver read it, on a busy machine: an attempt of the delivery timed
 * out, and no attempt with an answer was under way at the arrival. Such a request says nothing about order and slots.
 */
function isLate({ atMs }: Arrival, attempts: readonly LoggedAttempt[] = []): boolean {
  return (
    attempts.some(({ isAnswered }) => !isAnswered) &&
    !attempts.some(
      ({ isAnswered, startedAtMs, durationMs }) =>
        isAnswered && startedAtMs - CLOCK_SLACK_MS <= atMs && atMs <= startedAtMs + durationMs + CLOCK_SLACK_MS,
    )
  );
}

/** Whether the request began while an earlier one of the same delivery was under way. */
function overlapsEarlier({ atMs }: Arrival, arrivals: readonly Arrival[]): boolean {
  return arrivals.some((earlier) => earlier.atMs < atMs && (earlier.endedAtMs ?? Infinity) > atMs);
}

function isDelivered(arrivals: readonly Arrival[] = []): boolean {
  return arrivals.some(({ status, answeredAtMs }) => isSuccess(status) && answeredAtMs !== null);
}

function key({ event, webhook }: { event: string; webhook: string }): string {
  return `${event} → ${webhook}`;
}

function eventOf(each: string): string {
  return each.slice(0, each.indexOf(' '));
}

function webhookOf(each: string): string {
  return each.slice(each.lastIndexOf(' ') + 1);
}
