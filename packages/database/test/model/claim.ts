import { raisedRate, rateOf } from './flow.js';
import { compareByPriority, isAdmissible, nextInLine } from './line.js';
import { RULES, type Rules } from './rules.js';
import { awaitsProbe, inFlight, intervalOf, isPaused, rateCountsFrom, slotsOf } from './slots.js';
import { copy, isLeased, isSuperseded, withdrawLease, type PendingDelivery, type State, type Webhook } from './state.js';

/** The result of a claim for one delivery, as `Claim` has it. */
export type ModelClaim =
  | {
      state: 'claimed';
      id: string;
      token: number;
      attemptCount: number;
      priorAttempts: number;
      replay: boolean;
      firstAttemptAgoMs: number | null;
      slowDowns: number;
    }
  | { state: 'deferred'; id: string; webhookId: string; dueInMs: number }
  /** Its row, or its webhook's row, is locked: it is to be claimed again. */
  | { state: 'locked'; id: string; webhookId: string }
  /** It is to be ended: it is of an earlier generation, or its webhook was deleted. */
  | { state: 'superseded'; id: string; webhookId: string };

export interface ClaimOptions {
  leaseMs: number;
  wakeAfterMs: number;
  next?: readonly { webhookId: string; count: number }[];
  /** The ids of deliveries and webhooks that other transactions have locked. */
  locked?: readonly string[];
}

/** Burst of an idle webhook with a rate limit: the requests of this time may be sent together. */
const BURST_MS = 100;

/** Takes the lease of each delivery that may be attempted now, and returns the claims, as `claimDeliveries` does. */
export function claim(
  before: State,
  ids: readonly string[],
  { leaseMs, wakeAfterMs, next = [], locked = [] }: ClaimOptions,
  rules: Rules = RULES,
): { state: State; claims: ModelClaim[] } {
  const state = copy(before);
  const claims: ModelClaim[] = [];
  const { now } = state;
  const named = ids.flatMap((id) => state.pending.get(id) ?? []);
  const candidates = named.filter((row) => !row.ended && !(rules.claimHonoursLeases && isLeased(row, now)));
  for (const { webhookId, count } of next) {
    const webhook = state.webhooks.get(webhookId);
    if (webhook) candidates.push(...nextInLine(state, webhook, count, rules, locked).filter(({ id }) => !ids.includes(id)));
  }
  const ranks = new Map<string, number>();
  for (const row of candidates.sort(compareByPriority)) {
    const { id, webhookId } = row;
    if (locked.includes(id) || locked.includes(webhookId)) {
      claims.push({ state: 'locked', id, webhookId });
      continue;
    }
    const webhook = state.webhooks.get(webhookId);
    const webhookBefore = before.webhooks.get(webhookId);
    if (!webhook || !webhookBefore || (rules.claimHonoursGeneration && isSuperseded(before, row))) {
      claims.push({ state: 'superseded', id, webhookId });
      continue;
    }
    if (!isDue(row, now, rules)) {
      claims.push({ state: 'deferred', id, webhookId, dueInMs: row.nextAttemptAt - now });
      continue;
    }
    const rank = ranks.get(webhookId) ?? 0;
    if (!isEligible(before, row, webhookBefore, rules) || isBeyondSlots(before, webhookBefore, rank, rules)) {
      withdrawLease(row);
      Object.assign(row, { stage: 'parked', wakeAt: null });
      continue;
    }
    ranks.set(webhookId, rank + 1);
    const rate = rateOf(webhookBefore, now);
    if (rate !== null) {
      const intervalMs = intervalOf(rate);
      const permitAt = rateCountsFrom(webhookBefore, intervalMs, now - BURST_MS, now, rules) + rank * intervalMs;
      if (permitAt > now) {
        claims.push({ state: 'deferred', id, webhookId, dueInMs: Math.ceil(permitAt - now) });
        withdrawLease(row);
        Object.assign(row, { stage: 'admitted', wakeAt: permitAt + wakeAfterMs });
        continue;
      }
      webhook.rateNextAt = permitAt + intervalMs;
      webhook.learnedRate = raisedRate(webhookBefore, now, rank + 1);
    }
    if (webhook.circuitOpenedAt !== null) webhook.circuitProbeAt = now + leaseMs;
    // Of an admitted delivery only the lease changes, which no index holds, while its wake time is still to come.
    if (row.stage !== 'admitted' || (row.wakeAt ?? 0) <= now) {
      Object.assign(row, { stage: 'admitted', wakeAt: rules.claimHasWakeTime ? now + leaseMs : null });
    }
    const token = (state.lastToken += 1);
    Object.assign(row, { leaseToken: token, leasedUntil: now + leaseMs, again: false });
    const { attemptCount, priorAttempts, replay, firstAttemptAt } = row;
    const firstAttemptAgoMs = firstAttemptAt === null ? null : Math.max(0, now - firstAttemptAt);
    const { slowDowns } = webhookBefore;
    claims.push({ state: 'claimed', id, token, attemptCount, priorAttempts, replay, firstAttemptAgoMs, slowDowns });
  }
  return { state, claims };
}

/** What is admitted or parked was due already: a later time was written by a clock that was ahead. */
function isDue({ nextAttemptAt, stage }: PendingDelivery, now: number, { claimBoundsTimes }: Rules): boolean {
  return nextAttemptAt <= now || (stage !== 'backoff' && claimBoundsTimes);
}

function isEligible(before: State, row: PendingDelivery, webhook: Webhook, rules: Rules): boolean {
  if (rules.claimHonoursPause && isPaused(before, webhook)) return false;
  return !awaitsProbe(webhook, before.now, rules) && isAdmissible(before, row, rules);
}

function isBeyondSlots(before: State, webhook: Webhook, rank: number, { claimCountsInFlight }: Rules): boolean {
  return claimCountsInFlight && inFlight(before, webhook.id) + rank >= slotsOf(webhook);
}
