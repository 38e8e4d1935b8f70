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
export function slotsOf({ circuitOpenedAt, ordering, maxInFlight }: Webhook): number {
  return circuitOpenedAt !== null || ordering === 'fifo' ? 1 : maxInFlight;
}

/** Returns how many requests of a webhook are in flight: the live leases of its deliveries, whatever happened to these. */
export function inFlight(state: State, webhookId: string): number {
  return pendingOf(state, webhookId).filter((row) => isLeased(row, state.now)).length;
}

/** Returns whether deliveries of a webhook are paused: by its owner, by an operator, or for all. */
export function isPaused(state: State, webhook: Webhook): boolean {
  return state.paused || webhook.paused || webhook.ownerPaused;
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

/** Returns whether the webhook's open circuit waits for its next probe. */
export function awaitsProbe({ circuitProbeAt }: Webhook, now: number, { claimBoundsTimes }: Rules = RULES): boolean {
  if (circuitProbeAt === null || circuitProbeAt <= now) return false;
  return !claimBoundsTimes || circuitProbeAt <= now + LONGEST_PROBE_WAIT_MS;
}

/** Returns the time from which the webhook's rate limit counts, or `earliest` if that is later. */
export function rateCountsFrom(
  { rateNextAt, rateLimit, maxInFlight }: Webhook,
  earliest: number,
  now: number,
  { claimBoundsTimes }: Rules = RULES,
): number {
  if (rateNextAt === null || rateLimit === null) return earliest;
  const isAhead = rateNextAt > now + (1000 * maxInFlight) / rateLimit;
  return Math.max(claimBoundsTimes && isAhead ? now : rateNextAt, earliest);
}
