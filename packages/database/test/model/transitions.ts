import {
  copy,
  freeSlots,
  compareInLine,
  isDeliverable,
  isLeased,
  RULES,
  settle,
  type Delivery,
  type Rules,
  type State,
} from './state.js';

/**
 * Writes one event for each of these webhooks, in this order, and its delivery. Returns the deliveries to be enqueued.
 *
 * @param seen the state that slots are counted in, where it is an older one: a transaction that waited for the lock of the log
 *   numbers its events after those that were committed while it waited, but does not see their deliveries
 */
export function accept(
  before: State,
  webhookIds: readonly string[],
  wakeAfterMs: number,
  rules: Rules = RULES,
  seen: State = before,
): { state: State; admitted: string[] } {
  const state = copy(before);
  const admitted: string[] = [];
  const free = new Map<string, number>();
  for (const id of new Set(webhookIds)) {
    const hasParked = seen.deliveries.some(({ webhookId, stage }) => webhookId === id && stage === 'parked');
    free.set(id, hasParked ? 0 : freeSlots(seen, id));
  }
  for (const webhookId of webhookIds) {
    const position = (state.lastPosition += 1);
    const webhook = state.webhooks.get(webhookId);
    if (!isDeliverable(webhook)) continue;
    const delivery: Delivery = {
      id: `dlv_${String(position)}`,
      webhookId,
      position,
      status: 'pending',
      stage: 'parked',
      priority: 0,
      attemptCount: 0,
      nextAttemptAt: state.now,
      leaseToken: null,
      wakeAt: null,
    };
    state.deliveries.push(delivery);
    const left = free.get(webhookId) ?? 0;
    if (!webhook.enabled) settle(delivery, 'skipped');
    else if (left > 0) {
      free.set(webhookId, left - 1);
      delivery.stage = 'admitted';
      delivery.wakeAt = rules.acceptHasWakeTime ? state.now + wakeAfterMs : null;
      admitted.push(delivery.id);
    }
  }
  return { state, admitted };
}

/** Wakes overdue deliveries, and returns those to be enqueued, as `wakeDeliveries` does. */
export function wake(before: State, againAfterMs: number, rules: Rules = RULES): { state: State; admitted: string[] } {
  const state = copy(before);
  const admitted: string[] = [];
  const free = new Map<string, number>();
  const overdue = state.deliveries.filter(({ wakeAt }) => wakeAt !== null && wakeAt <= state.now).sort(compareInLine);
  for (const delivery of overdue) {
    const { webhookId } = delivery;
    if (delivery.status !== 'pending') {
      settle(delivery, delivery.status);
      delivery.leaseToken = null;
      continue;
    }
    const left = free.get(webhookId) ?? freeSlots(before, webhookId);
    if (delivery.stage !== 'admitted') free.set(webhookId, left - 1);
    const admit = delivery.stage === 'admitted' || left > 0;
    delivery.stage = admit ? 'admitted' : 'parked';
    delivery.wakeAt = admit ? state.now + againAfterMs : null;
    if (rules.wakeWithdrawsLeases) delivery.leaseToken = null;
    if (admit) admitted.push(delivery.id);
  }
  return { state, admitted };
}

/** Returns the ids of the webhooks that have parked deliveries. */
export function backlogged({ deliveries }: State): string[] {
  return [...new Set(deliveries.filter(({ stage }) => stage === 'parked').map(({ webhookId }) => webhookId))].sort();
}

/** Returns the first parked deliveries of a webhook, which a claim takes besides those that it names. */
export function firstParked({ deliveries }: State, webhookId: string, named: readonly string[], count: number): string[] {
  const waiting = deliveries.filter((one) => one.webhookId === webhookId && one.stage === 'parked' && !named.includes(one.id));
  return waiting
    .sort(compareInLine)
    .slice(0, count)
    .map(({ id }) => id);
}

/** Gives the free slots of these webhooks to parked deliveries, and returns those to be enqueued, as `releaseDeliveries` does. */
export function release(before: State, webhookIds: readonly string[], wakeAfterMs: number): { state: State; admitted: string[] } {
  const state = copy(before);
  const admitted: string[] = [];
  for (const id of webhookIds) {
    const waiting = state.deliveries.filter(({ webhookId, stage }) => webhookId === id && stage === 'parked').sort(compareInLine);
    for (const delivery of waiting.slice(0, freeSlots(before, id))) {
      delivery.stage = 'admitted';
      delivery.wakeAt = state.now + wakeAfterMs;
      admitted.push(delivery.id);
    }
  }
  return { state, admitted };
}

/** Cancels the pending deliveries of a webhook. Those with a request in flight keep their lease and slot, so that the attempt is recorded. */
export function cancel(before: State, webhookId: string): State {
  const state = copy(before);
  for (const delivery of state.deliveries) {
    if (delivery.webhookId !== webhookId || delivery.status !== 'pending') continue;
    const { stage, wakeAt, leaseToken } = delivery;
    settle(delivery, 'cancelled');
    if (leaseToken !== null) Object.assign(delivery, { stage, wakeAt });
  }
  return state;
}

/** Returns how many requests of a webhook are in flight, that is, have a lease that has not expired. */
export function inFlight({ now, deliveries }: State, webhookId: string): number {
  return deliveries.filter((delivery) => delivery.webhookId === webhookId && isLeased(delivery, now)).length;
}
