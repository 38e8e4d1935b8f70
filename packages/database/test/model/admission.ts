import { compareByPriority, nextInLine } from './line.js';
import { RULES, type Rules } from './rules.js';
import { freeSlots, LONGEST_LEASE_MS } from './slots.js';
import { copy, isLeased, withdrawLease, type PendingDelivery, type State, type Webhook } from './state.js';

/** The deliveries to be enqueued. */
export interface Admission {
  state: State;
  admitted: { id: string; priority: number }[];
}

/** No admitted delivery waits longer for its wake time. A later one was written by a clock that was ahead. */
const LONGEST_WAKE_MS = 300_000;

/**
 * Wakes overdue deliveries, as `wakeDeliveries` does.
 *
 * @param since only wake times from then on; null: all, and times that a clock that was ahead has written are brought forward
 */
export function wake(before: State, againAfterMs: number, since: number | null = null, rules: Rules = RULES): Admission {
  const state = copy(before);
  const { now } = state;
  if (since === null && rules.wakeBoundsTimes) for (const row of state.pending.values()) boundTimes(row, now, againAfterMs);
  const admitted: Admission['admitted'] = [];
  const free = new Map<string, number>();
  const overdue = [...state.pending.values()].filter(
    (row) =>
      row.wakeAt !== null &&
      row.wakeAt <= now &&
      (since === null || row.wakeAt >= since) &&
      !(rules.wakeKeepsLeases && isLeased(row, now)),
  );
  for (const row of overdue.sort(compareByPriority)) {
    const { id, webhookId, stage, priority } = row;
    if (row.ended) {
      state.pending.delete(id);
      continue;
    }
    withdrawLease(row);
    const webhook = before.webhooks.get(webhookId);
    // A deleted webhook's is admitted, so that a claim finds it superseded.
    const left = free.get(webhookId) ?? (webhook ? freeSlots(before, webhook, rules) : 1);
    if (stage !== 'admitted') free.set(webhookId, left - 1);
    const admits = stage === 'admitted' || left > 0;
    Object.assign(row, admits ? { stage: 'admitted', wakeAt: now + againAfterMs } : { stage: 'parked', wakeAt: null });
    if (admits) admitted.push({ id, priority });
  }
  return { state, admitted };
}

function boundTimes(row: PendingDelivery, now: number, againAfterMs: number): void {
  if (row.leasedUntil !== null && row.leasedUntil > now + LONGEST_LEASE_MS) row.leasedUntil = now + LONGEST_LEASE_MS;
  const isLate = row.stage === 'admitted' && row.wakeAt !== null && row.wakeAt > now + LONGEST_WAKE_MS;
  if (isLate) row.wakeAt = now + againAfterMs;
}

/** Returns the ids of the webhooks that have parked deliveries. */
export function backlogged({ pending }: State): string[] {
  const parked = [...pending.values()].filter(({ stage }) => stage === 'parked');
  return [...new Set(parked.map(({ webhookId }) => webhookId))].sort();
}

/** Gives the free slots of these webhooks to their parked deliveries, as `admitOf` does. */
export function admitOf(before: State, webhookIds: readonly string[], wakeAfterMs: number, rules: Rules = RULES): Admission {
  const state = copy(before);
  const webhooks = webhookIds.flatMap((id) => state.webhooks.get(id) ?? []);
  const admitted = webhooks.flatMap((one) => admit(state, one, freeSlots(before, one, rules), wakeAfterMs, rules));
  return { state, admitted };
}

export interface AdmitOptions {
  /** The webhook that had its turn last; '' in the beginning. */
  after: string;
  /** The turns end when as many slots are given. */
  deliveries: number;
  perWebhook: number;
  wakeAfterMs: number;
}

/**
 * Admits parked deliveries of the webhooks after a cursor, which take turns, as `admitNext` does. Where the first one is of an
 * earlier generation, it requests a cancellation instead: a transaction with an old snapshot may have written it after the
 * last one was done.
 */
export function admitNext(
  before: State,
  { after, deliveries, perWebhook, wakeAfterMs }: AdmitOptions,
  rules: Rules = RULES,
): Admission & { cursor: string | null } {
  const state = copy(before);
  const admitted: Admission['admitted'] = [];
  const turns = before.paused ? [] : backlogged(before).filter((one) => one > after || !rules.admissionTakesTurns);
  let given = 0;
  for (const [index, id] of turns.entries()) {
    const webhook = state.webhooks.get(id);
    const first = Math.min(...parkedOf(before, id).map(({ generation }) => generation));
    if (first !== webhook?.generation && !state.cancellations.includes(id)) state.cancellations.push(id);
    if (webhook) {
      const free = Math.min(perWebhook, freeSlots(before, webhook, rules));
      admitted.push(...admit(state, webhook, free, wakeAfterMs, rules));
      given += free;
    }
    if (given >= deliveries && index < turns.length - 1) return { state, admitted, cursor: id };
  }
  return { state, admitted, cursor: null };
}

const parkedOf = ({ pending }: State, id: string) =>
  [...pending.values()].filter(({ webhookId, stage }) => webhookId === id && stage === 'parked');

function admit(state: State, webhook: Webhook, count: number, wakeAfterMs: number, rules: Rules): Admission['admitted'] {
  const rows = nextInLine(state, webhook, count, rules);
  for (const row of rows) Object.assign(row, { stage: 'admitted', wakeAt: state.now + wakeAfterMs });
  return rows.map(({ id, priority }) => ({ id, priority }));
}
