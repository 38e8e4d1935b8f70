import { matches } from './accept.js';
import { begin } from './end.js';
import { RULES, type Rules } from './rules.js';
import { copy, isLeased, isSuperseded, type Delivery, type State, type Webhook } from './state.js';

/**
 * Makes one delivery due now, as `retryDelivery` does, and returns it if it is to be enqueued. One that ended, or is of an
 * earlier generation, becomes a replay: while its request is under way, when that is recorded. One that is due already, or has a
 * request under way, does not change.
 */
export function retry(
  before: State,
  id: string,
  wakeAfterMs: number,
  rules: Rules = RULES,
): { state: State; due: { id: string; priority: number } | null } {
  const state = copy(before);
  const { now } = state;
  const delivery = state.deliveries.get(id);
  const row = state.pending.get(id);
  if (!delivery || !state.webhooks.get(delivery.webhookId)?.enabled) return { state, due: null };
  const isUnderWay = row !== undefined && isLeased(row, now) && rules.retryKeepsLease;
  if (!row || row.ended || isSuperseded(state, row)) {
    begin(state, delivery, now, now + wakeAfterMs, rules);
    return { state, due: isUnderWay ? null : { id, priority: 2 } };
  }
  if (isUnderWay || row.nextAttemptAt <= now) return { state, due: null };
  Object.assign(row, { nextAttemptAt: now, wakeAt: row.stage === 'parked' ? null : now + wakeAfterMs });
  return { state, due: { id, priority: row.priority } };
}

/**
 * Makes deliveries of a webhook pending again, as `replayDeliveries` does: each is due `1 / perSecond` seconds after the one
 * before. Deliveries that are pending are left alone.
 *
 * @param missing adds deliveries for the events that match the webhook and have none, as `replayWithMissing` does. Those of an
 *   event that is being expanded are still to come.
 */
export function replay(
  before: State,
  webhookId: string,
  ids: readonly string[],
  perSecond: number,
  rules: Rules = RULES,
  missing = false,
): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId);
  if (!webhook?.enabled) return state;
  const chosen = ids
    .flatMap((id) => state.deliveries.get(id) ?? [])
    .filter((delivery) => delivery.webhookId === webhookId && delivery.status !== 'pending');
  if (missing) chosen.push(...missingOf(state, webhook).map((position) => add(state, webhook, position)));
  if (chosen.length === 0) return state;
  chosen.sort((one, other) => one.position - other.position);
  const startsAt = Math.max(webhook.replayNextAt ?? -Infinity, state.now);
  webhook.replayNextAt = startsAt + (chosen.length * 1000) / perSecond;
  for (const [index, delivery] of chosen.entries()) {
    const at = startsAt + (index * 1000) / perSecond;
    begin(state, delivery, at, at, rules);
  }
  return state;
}

/** Returns the positions of the events that match the webhook and have no delivery to it. */
function missingOf({ events, deliveries, expansions }: State, webhook: Webhook): number[] {
  const known = new Set([...deliveries.values()].filter((one) => one.webhookId === webhook.id).map(({ position }) => position));
  for (const { position } of expansions) known.add(position);
  return [...events].flatMap(([position, audience]) => (matches(audience, webhook) && !known.has(position) ? [position] : []));
}

/** Writes the delivery of an event to the log, ended without an attempt. */
function add(state: State, { id: webhookId }: Webhook, position: number): Delivery {
  const id = `dlv_${String(state.deliveries.size + 1)}`;
  const delivery: Delivery = { id, webhookId, position, attemptCount: 0, replay: true, status: 'skipped' };
  state.deliveries.set(id, delivery);
  return delivery;
}
