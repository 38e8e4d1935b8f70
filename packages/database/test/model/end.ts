import { RULES, type Rules } from './rules.js';
import {
  copy,
  isLeased,
  isSuperseded,
  pendingOf,
  withdrawLease,
  type Delivery,
  type PendingDelivery,
  type State,
} from './state.js';

/** The number of deliveries that were ended, by their status. */
export interface Superseded {
  state: State;
  cancelled: number;
  skipped: number;
}

/** Ends a delivery in the log, and removes its row among the pending ones. */
export function end(state: State, { id, attemptCount, replay }: PendingDelivery, status: Delivery['status']): void {
  const delivery = state.deliveries.get(id);
  if (delivery) Object.assign(delivery, { status, attemptCount, replay });
  state.pending.delete(id);
}

/** Ends these deliveries if they are of earlier generations, as `endSuperseded` does. */
export function endSuperseded(before: State, ids: readonly string[], rules: Rules = RULES): Superseded {
  const state = copy(before);
  const counts = { cancelled: 0, skipped: 0 };
  for (const id of ids) {
    const row = state.pending.get(id);
    if (!row || row.ended || (rules.cancelHonoursGeneration && !isSuperseded(state, row))) continue;
    const status = state.webhooks.get(row.webhookId)?.supersededStatus ?? 'cancelled';
    counts[status] += 1;
    end(state, row, status);
    // The request under way keeps its lease, which counts, until it is recorded or its lease expires.
    if (isLeased(row, state.now) && rules.cancelKeepsLeases) state.pending.set(id, { ...row, ended: true, again: false });
  }
  return { state, ...counts };
}

/**
 * Ends up to `limit` deliveries of the webhook whose cancellation has waited longest, as `endSupersededNext` does; null when no
 * cancellation was requested. The request is done when a chunk finds nothing.
 */
export function endSupersededNext(before: State, limit: number, rules: Rules = RULES): Superseded | null {
  const [webhookId] = before.cancellations;
  if (webhookId === undefined) return null;
  const chunk = pendingOf(before, webhookId)
    .filter((row) => !row.ended && (!rules.cancelHonoursGeneration || isSuperseded(before, row)))
    .slice(0, limit);
  const ended = endSuperseded(
    before,
    chunk.map(({ id }) => id),
    rules,
  );
  if (chunk.length === 0) ended.state.cancellations.shift();
  return ended;
}

/**
 * Cancels one pending delivery, as `cancelDelivery` does; `cancelled` is false where it has ended, or is of an earlier generation.
 * With its request under way it keeps the lease, until that is recorded.
 */
export function cancel(before: State, id: string, rules: Rules = RULES): { state: State; cancelled: boolean } {
  const state = copy(before);
  const row = state.pending.get(id);
  if (!row || row.ended || isSuperseded(state, row) || !state.webhooks.get(row.webhookId)?.enabled)
    return { state, cancelled: false };
  end(state, row, 'cancelled');
  if (isLeased(row, state.now) && rules.cancelKeepsLeases) state.pending.set(id, { ...row, ended: true, again: false });
  return { state, cancelled: true };
}

/** Makes a delivery pending again, as a replay that is due at a time, with all its attempts. */
export function begin(state: State, delivery: Delivery, at: number, wakeAt: number, { retryKeepsLease }: Rules = RULES): void {
  const { id, webhookId, position } = delivery;
  const generation = state.webhooks.get(webhookId)?.generation ?? 0;
  const row = state.pending.get(id);
  const attemptCount = row?.attemptCount ?? delivery.attemptCount;
  const due = {
    generation,
    priority: 2,
    priorAttempts: attemptCount,
    replay: true,
    firstAttemptAt: null,
    nextAttemptAt: at,
    ended: false,
  };
  Object.assign(delivery, { status: 'pending', replay: true });
  if (row && isLeased(row, state.now) && retryKeepsLease) Object.assign(row, due, { again: true });
  else {
    const fresh: PendingDelivery = {
      id,
      webhookId,
      position,
      attemptCount,
      stage: 'backoff',
      wakeAt,
      leaseToken: null,
      leasedUntil: null,
      again: false,
      resent: row?.resent ?? false,
      ...due,
    };
    if (row) withdrawLease(row);
    state.pending.set(id, fresh);
  }
}
