import { copy, compareInLine, isDeliverable, RULES, settle, slotsOf, type Delivery, type Rules, type State } from './state.js';
import { inFlight } from './transitions.js';

/** The result of a claim for one delivery, as `Claim` has it. */
export type ModelClaim =
  { state: 'claimed'; id: string; token: number; attemptCount: number } | { state: 'deferred'; id: string; dueInMs: number };

/** Burst of an idle webhook with a rate limit: the requests of this time may be sent together. */
const BURST_MS = 100;

/** Takes the lease of each delivery that may be attempted now, and returns the claims, as `claimDeliveries` does. */
export function claim(
  before: State,
  ids: readonly string[],
  { leaseMs, wakeAfterMs }: { leaseMs: number; wakeAfterMs: number },
  rules: Rules = RULES,
): { state: State; claims: ModelClaim[] } {
  const state = copy(before);
  const claims: ModelClaim[] = [];
  const { now } = state;
  const ranks = new Map<string, number>();
  const candidates = state.deliveries.filter(
    ({ id, status, leaseToken, wakeAt }) =>
      ids.includes(id) &&
      status === 'pending' &&
      (!rules.claimHonoursLeases || leaseToken === null || (wakeAt !== null && wakeAt <= now)),
  );
  const park = (delivery: Delivery) => Object.assign(delivery, { stage: 'parked', leaseToken: null, wakeAt: null });

  for (const delivery of candidates.sort(compareInLine)) {
    const { id, webhookId, nextAttemptAt } = delivery;
    const webhook = state.webhooks.get(webhookId);
    const webhookBefore = before.webhooks.get(webhookId);
    if (!isDeliverable(webhook) || !webhookBefore) {
      settle(delivery, 'cancelled');
      delivery.leaseToken = null;
      continue;
    }
    if (nextAttemptAt !== null && nextAttemptAt > now) {
      claims.push({ state: 'deferred', id, dueInMs: nextAttemptAt - now });
      continue;
    }
    if (!webhook.enabled) {
      settle(delivery, 'skipped');
      delivery.leaseToken = null;
      continue;
    }
    const behind = rules.claimKeepsFifoOrder && webhook.ordering === 'fifo' && firstInLine(before, webhookId) !== id;
    const paused = rules.claimHonoursPause && (state.paused || webhook.paused);
    if (behind || paused || (webhookBefore.circuitProbeAt !== null && webhookBefore.circuitProbeAt > now)) {
      park(delivery);
      continue;
    }
    const rank = ranks.get(webhookId) ?? 0;
    ranks.set(webhookId, rank + 1);
    if (rules.claimCountsInFlight && inFlight(before, webhookId) + rank >= slotsOf(webhook)) {
      park(delivery);
      continue;
    }
    const { rateLimit } = webhook;
    if (rateLimit !== null) {
      const permitAt = Math.max(webhookBefore.rateNextAt ?? -Infinity, now - BURST_MS) + (rank * 1000) / rateLimit;
      if (permitAt > now) {
        claims.push({ state: 'deferred', id, dueInMs: Math.ceil(permitAt - now) });
        Object.assign(delivery, { stage: 'admitted', leaseToken: null, wakeAt: permitAt + wakeAfterMs });
        continue;
      }
      webhook.rateNextAt = permitAt + 1000 / rateLimit;
    }
    if (webhook.circuitOpenedAt !== null) webhook.circuitProbeAt = now + leaseMs;
    const token = (state.lastToken += 1);
    Object.assign(delivery, { stage: 'admitted', leaseToken: token, wakeAt: rules.claimHasWakeTime ? now + leaseMs : null });
    claims.push({ state: 'claimed', id, token, attemptCount: delivery.attemptCount });
  }
  return { state, claims };
}

function firstInLine({ deliveries }: State, webhookId: string): string | undefined {
  return deliveries
    .filter((delivery) => delivery.webhookId === webhookId && (delivery.stage === 'admitted' || delivery.stage === 'parked'))
    .sort(compareInLine)[0]?.id;
}
