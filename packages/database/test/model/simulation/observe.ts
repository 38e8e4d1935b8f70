import { matches } from '../accept.js';
import { CORRECTED_MS, LONGEST_HOLD_MS } from '../flow.js';
import { LONGEST_LEASE_MS } from '../slots.js';
import type { Webhook } from '../state.js';
import { judgeClaim, judgeEnd, judgeWait } from './judge.js';
import type { Lease, Observations } from './observations.js';
import type { Simulation } from './simulation.js';

type Mutable = { -readonly [Key in keyof Observations]: Observations[Key] };

/** Compares the system before and after an act, and remembers what an observer saw. */
export function observe(before: Simulation, after: Simulation): Simulation {
  if (after === before) return after;
  const observed: Mutable = { ...after.observed };
  const next = { ...after, observed };
  observeChanges(before, next, observed);
  observeAccepted(before, next, observed);
  observeWritten(before, next, observed);
  const ended = [...next.log.deliveries.values()].filter(
    ({ id, status }) => status !== 'pending' && before.log.deliveries.get(id)?.status === 'pending',
  );
  observeRecorded(before, next, observed);
  observed.found = [...observed.found, ...ended.flatMap((delivery) => judgeEnd(next, delivery)), ...judgeWait(before, next)];
  observeHolds(before, next, observed);
  observeLeases(before, next, observed);
  return next;
}

/** Counts the changes of `enabled`. An event is no longer expected at a webhook that missed its expansion by a change. */
function observeChanges(before: Simulation, { log }: Simulation, observed: Mutable): void {
  for (const [id, webhook] of before.log.webhooks) {
    if (log.webhooks.get(id)?.enabled === webhook.enabled) continue;
    observed.changes = new Map(observed.changes).set(id, (observed.changes.get(id) ?? 0) + 1);
    const written = [...log.deliveries.values()].filter(({ webhookId }) => webhookId === id).map(({ position }) => position);
    observed.expected = new Map(observed.expected).set(id, new Set(written));
    observed.enabledAfter = new Map(observed.enabledAfter).set(id, log.lastPosition);
    const isOf = (delivery: string) => log.deliveries.get(delivery)?.webhookId === id;
    observed.awaited = new Set([...observed.awaited].filter((delivery) => !isOf(delivery)));
  }
}

/** An accepted event is expected at each webhook that was enabled when its transaction began, and has been since. */
function observeAccepted(before: Simulation, { log, waiting }: Simulation, observed: Mutable): void {
  const isEnd = before.waiting !== null && waiting === null;
  const seen = isEnd ? before.waiting : { log: before.log, changes: observed.changes };
  for (const { position, audience } of observed.events.slice(before.observed.events.length)) {
    for (const [id, webhook] of log.webhooks) {
      const then: Webhook | undefined = seen?.log.webhooks.get(id);
      if (!then?.enabled || !matches(audience, webhook) || !isSame(seen?.changes, observed.changes, id)) continue;
      observed.expected = new Map(observed.expected).set(id, new Set([...(observed.expected.get(id) ?? []), position]));
    }
  }
}

const isSame = (then: Observations['changes'] | undefined, now: Observations['changes'], id: string) =>
  (then?.get(id) ?? 0) === (now.get(id) ?? 0);

/** A written delivery belongs to the changes that its transaction saw. */
function observeWritten(before: Simulation, { log }: Simulation, observed: Mutable): void {
  for (const { id, webhookId, position, status } of log.deliveries.values()) {
    if (before.log.deliveries.has(id)) continue;
    const isAccepted = position > before.log.lastPosition;
    const changes = (isAccepted ? before.waiting?.changes : undefined) ?? before.observed.changes;
    observed.begun = new Map(observed.begun).set(id, changes.get(webhookId) ?? 0);
    const isLate = !isAccepted && status === 'pending' && position <= (observed.enabledAfter.get(webhookId) ?? 0);
    if (isLate) observed.found = [...observed.found, `expansion: ${id} is of an event before ${webhookId} was enabled.`];
  }
}

/** A delivery whose request succeeded does not stay cancelled or skipped, whatever happened to it in the meantime. */
function observeRecorded(before: Simulation, { log }: Simulation, observed: Mutable): void {
  for (const { id, succeeded } of observed.recorded.slice(before.observed.recorded.length)) {
    const status = log.deliveries.get(id)?.status ?? '';
    if (succeeded && ['cancelled', 'skipped'].includes(status))
      observed.found = [...observed.found, `success: ${id} is ${status}, and its request succeeded.`];
  }
}

/**
 * Remembers what receivers asked for. Only the answer to a request that was claimed since the last hold makes the next one longer:
 * the others were under way.
 */
function observeHolds(before: Simulation, { log }: Simulation, observed: Mutable): void {
  const recorded = observed.recorded.slice(before.observed.recorded.length);
  // A time that has passed is over, also when the clock is set back. A later one than any hold is of a clock that was ahead,
  // and so is what a webhook keeps of it: the latest time takes the place of those that it covers.
  const isAhead = (until: number) => until > log.now && until <= log.now + LONGEST_HOLD_MS + CORRECTED_MS;
  const kept = (id: string) => log.webhooks.get(id)?.throttledUntil ?? -Infinity;
  observed.askedUntil = new Map(
    [...observed.askedUntil].filter(([id, until]) => isAhead(until) && isAhead(Math.max(until, kept(id)))),
  );
  for (const [id, { throttledUntil, backoffCount }] of log.webhooks) {
    const was = before.log.webhooks.get(id);
    const throttles = recorded.filter((one) => one.throttle !== null && log.deliveries.get(one.id)?.webhookId === id);
    const last = Math.max(-Infinity, ...throttles.map(({ token }) => token));
    if (backoffCount > (was?.backoffCount ?? 0) && last <= (observed.heldAfter.get(id) ?? -Infinity))
      observed.found = [...observed.found, `I14: a request of before the hold of ${id} made it longer.`];
    if (throttledUntil !== null && throttledUntil !== was?.throttledUntil) {
      observed.heldAfter = new Map(observed.heldAfter).set(id, log.lastToken);
      if (throttledUntil > log.now + LONGEST_HOLD_MS)
        observed.found = [...observed.found, `I14: ${id} is held for longer than an hour.`];
    }
    for (const { throttle } of throttles) {
      const until = log.now + Math.min(throttle?.askedMs ?? 0, LONGEST_HOLD_MS);
      observed.askedUntil = new Map(observed.askedUntil).set(id, Math.max(until, observed.askedUntil.get(id) ?? -Infinity));
    }
  }
}

/** Follows each lease from its claim until its attempt is recorded. */
function observeLeases(before: Simulation, next: Simulation, observed: Mutable): void {
  const { log } = next;
  const leases = new Map(observed.leases);
  for (const { token } of observed.recorded.slice(before.observed.recorded.length)) leases.delete(token);
  const holders = new Map([...observed.holders].filter(([id]) => log.pending.get(id)?.leaseToken !== null));
  for (const { id, webhookId, leaseToken, leasedUntil } of log.pending.values()) {
    if (leaseToken === null || leasedUntil === null) continue;
    const lease: Lease | undefined = leases.get(leaseToken);
    // A lease that a clock ahead wrote may be shortened to the longest one.
    if (lease && leasedUntil < lease.until && leasedUntil >= log.now + LONGEST_LEASE_MS) lease.until = leasedUntil;
    if (leaseToken <= before.log.lastToken) continue;
    observed.leases = leases;
    observed.found = [...observed.found, ...judgeClaim(before, next, id)];
    leases.set(leaseToken, { id, webhookId, until: leasedUntil });
    holders.set(id, leaseToken);
    observed.awaited = new Set([...observed.awaited].filter((one) => one !== id));
  }
  const expired = [...leases].filter(([, { until }]) => until <= log.now).map(([token]) => token);
  // An expired lease stays expired, also when the clock is set back.
  for (const token of expired) leases.delete(token);
  Object.assign(observed, { leases, holders, expired: new Set([...observed.expired, ...expired]) });
}
