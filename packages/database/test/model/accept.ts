import { firstInLine, hasParked } from './line.js';
import { RULES, type Rules } from './rules.js';
import { freeSlots, isDeliverable, slotsOf } from './slots.js';
import { copy, type Delivery, type State, type Webhook } from './state.js';

export interface AcceptOptions {
  wakeAfterMs: number;
  /** An event that more webhooks match is expanded later. */
  expandBeyond: number;
  /** How many deliveries besides the first ones of idle webhooks may be admitted. Default: no bound. */
  admitMax?: number;
  /**
   * The state that webhooks and slots are read from, where it is an older one: a transaction that waited for the lock of the log
   * numbers its events after those that were committed while it waited, but does not see what else was committed.
   */
  seen?: State;
}

export interface Accepted {
  state: State;
  /** The deliveries to be enqueued. */
  admitted: { id: string; position: number; first: boolean }[];
  written: { deliveries: number; skipped: number };
  /** Number of events that are to be expanded. */
  expanding: number;
}

/** Writes one event for each audience (a webhook, or null: all webhooks), and its deliveries, as `acceptEvents` does. */
export function accept(
  before: State,
  audiences: readonly (string | null)[],
  { wakeAfterMs, expandBeyond, admitMax = Infinity, seen = before }: AcceptOptions,
  rules: Rules = RULES,
): Accepted {
  const state = copy(before);
  const accepted: Accepted = { state, admitted: [], written: { deliveries: 0, skipped: 0 }, expanding: 0 };
  const free = new Map<string, number>();
  const idle = new Set<string>();
  for (const [id, webhook] of seen.webhooks) {
    const hasLine = hasParked(seen, id) || (webhook.ordering === 'fifo' && firstInLine(seen, id, rules) < Infinity);
    const slots = hasLine ? 0 : freeSlots(seen, webhook, rules);
    free.set(id, slots);
    if (slots === slotsOf(webhook)) idle.add(id);
  }
  let left = admitMax;
  for (const audience of audiences) {
    const position = (state.lastPosition += 1);
    state.events.set(position, audience);
    const matching = [...seen.webhooks.values()].filter((webhook) => matches(audience, webhook));
    if (matching.length > expandBeyond) {
      const cursors = { fifoDone: false, fifoCursor: '', cursor: '' };
      state.expansions.push({ position, audience, ...cursors });
      accepted.expanding += 1;
      continue;
    }
    for (const webhook of matching.sort((one, other) => (one.id < other.id ? -1 : 1))) {
      const { id } = write(state, webhook, position);
      accepted.written.deliveries += 1;
      const row = state.pending.get(id);
      if (!row) {
        accepted.written.skipped += 1;
        continue;
      }
      const slots = free.get(webhook.id) ?? 0;
      const first = idle.has(webhook.id);
      if (slots <= 0 || (!first && left <= 0)) continue;
      free.set(webhook.id, slots - 1);
      idle.delete(webhook.id);
      if (!first) left -= 1;
      Object.assign(row, { stage: 'admitted', wakeAt: rules.acceptHasWakeTime ? state.now + wakeAfterMs : null });
      accepted.admitted.push({ id, position, first });
    }
  }
  return accepted;
}

/** Returns whether a webhook gets the events of an audience. */
export function matches(audience: string | null, webhook: Webhook): boolean {
  return isDeliverable(webhook) && (audience === null || audience === webhook.id);
}

/** Writes a delivery: parked, or skipped if Tidings disabled the webhook. */
export function write(state: State, webhook: Webhook, position: number): Delivery {
  const row = { id: `dlv_${String(state.deliveries.size + 1)}`, webhookId: webhook.id, position, attemptCount: 0, replay: false };
  const delivery: Delivery = { ...row, status: webhook.enabled ? 'pending' : 'skipped' };
  state.deliveries.set(row.id, delivery);
  if (webhook.enabled)
    state.pending.set(row.id, {
      ...row,
      generation: webhook.generation,
      stage: 'parked',
      priority: 0,
      priorAttempts: 0,
      firstAttemptAt: null,
      nextAttemptAt: state.now,
      wakeAt: null,
      leaseToken: null,
      leasedUntil: null,
      ended: false,
      again: false,
      resent: false,
    });
  return delivery;
}
