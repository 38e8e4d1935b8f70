import { CORRECTED_MS, LONGEST_HOLD_MS } from './flow.js';
import { RULES, type Rules } from './rules.js';
import { isLeased, pendingOf, type State, type Webhook, type PendingDelivery } from './state.js';

/** No lease holds longer, as `LONGEST_LEASE_S` has it. */
export const LONGEST_LEASE_MS = 120_000;

/** The longest wait before a probe. A later `circuitProbeAt` was written by a clock that was ahead. */
const LONGEST_PROBE_WAIT_MS = 300_000;

/** Returns, like `is_deliverable`, whether a webhook gets deliveries: not if its owner disabled or deleted it. */
export function isDeliverable(webhook: Webhook | undefined): webhook is Webhook {
  return webhook !== undefined && (webhook.enabled || webhook.disabledReason !== null);
}

/** Returns, like `slots_of`, how many deliveries of an enabled webhook may be admitted at the same time. */
export function slotsOf({ circuitOpenedAt, throttledUntil, ordering, maxInFlight }: Webhook): number {
  return circuitOpenedAt !== null || throttledUntil !== null || ordering === 'fifo' ? 1 : maxInFlight;
}

/** Returns how many requests of a webhook are in flight: the live leases of its deliveries, whatever happened to these. */
export function inFlight(state: State, webhookId: string): number {
  return pendingOf(state, webhookId).filter((row) => isLeased(row, state.now)).length;
}

/** Returns whether deliveries of a webhook are paused: by its owner, by an operator, until its URL is verified, or for all. */
export function isPaused(state: State, webhook: Webhook): boolean {
  return state.paused || webhook.paused || webhook.ownerPaused || webhook.unverified;
}

/** Returns, like `free_slots`, how many more deliveries of a webhook may be admitted. */
export function freeSlots(state: State, webhook: Webhook, rules: Rules = RULES): number {
  const { now } = state;
  if (!webhook.enabled || awaitsProbe(webhook, now, rules) || isPaused(state, webhook)) return 0;
  const rows = pendingOf(state, webhook.id);
  const counts = ({ stage, priority, wakeAt }: PendingDelivery) =>
    stage === 'admitted' && (priority === 0 || (wakeAt ?? 0) > now - LONGEST_LEASE_MS);
  const admitted = rows.filter(counts).length;
  return Math.max(0, slotsOf(webhook) - admitted);
}

/** Returns, like `waits_for_probe`, whether the webhook waits for its next probe: its circuit is open, or its receiver asked to slow down. */
export function awaitsProbe(
  { circuitProbeAt, throttledUntil }: Webhook,
  now: number,
  { claimBoundsTimes, claimHonoursHolds }: Rules = RULES,
): boolean {
  const isAwaited = (at: number | null, longestMs: number) =>
    at !== null && at > now && (!claimBoundsTimes || at <= now + longestMs);
  if (isAwaited(circuitProbeAt, LONGEST_PROBE_WAIT_MS)) return true;
  return claimHonoursHolds && isAwaited(throttledUntil, LONGEST_HOLD_MS + CORRECTED_MS);
}

/** Returns the time between two requests at a rate, in milliseconds: an interval of PostgreSQL has whole microseconds. */
export const intervalOf = (rate: number): number => Math.round(1_000_000 / rate) / 1000;

/** Returns the time from which the webhook's rate counts, or `earliest` if that is later. */
export function rateCountsFrom(
  { rateNextAt, maxInFlight }: Webhook,
  intervalMs: number,
  earliest: number,
  now: number,
  { claimBoundsTimes }: Rules = RULES,
): number {
  if (rateNextAt === null) return earliest;
  const isAhead = rateNextAt > now + (maxInFlight + 1) * intervalMs;
  return Math.max(claimBoundsTimes && isAhead ? now : rateNextAt, earliest);
}
