import { RULES, type Rules } from './rules.js';
import { copy, type State, type Webhook } from './state.js';

/** Enables or disables a webhook. Its pending deliveries are ended later, in chunks and when they are claimed. */
export function setEnabled(
  before: State,
  webhookId: string,
  enabled: boolean,
  disabledReason: Webhook['disabledReason'] = null,
  rules: Rules = RULES,
): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId);
  if (webhook) changeEnabled(state, webhook, enabled, disabledReason, rules);
  return state;
}

/** Does, as the triggers of the table do, all that follows from a change of `enabled`. */
export function changeEnabled(
  state: State,
  webhook: Webhook,
  enabled: boolean,
  disabledReason: Webhook['disabledReason'],
  { changeBeginsGeneration }: Rules = RULES,
): void {
  const changes = webhook.enabled !== enabled;
  Object.assign(webhook, { enabled, disabledReason });
  if (!changes) return;
  if (changeBeginsGeneration) webhook.generation += 1;
  if (enabled) webhook.fromPosition = state.lastPosition;
  else {
    webhook.supersededStatus = disabledReason === null ? 'cancelled' : 'skipped';
    requestCancellation(state, webhook.id);
  }
}

/** Deletes a webhook. Its pending deliveries are ended later, in chunks and when they are claimed. */
export function remove(before: State, webhookId: string): State {
  const state = copy(before);
  if (state.webhooks.delete(webhookId)) requestCancellation(state, webhookId);
  return state;
}

function requestCancellation(state: State, webhookId: string): void {
  state.cancellations = [...state.cancellations.filter((id) => id !== webhookId), webhookId];
}

/** Changes the ordering of a webhook. A webhook that becomes fifo reopens the fifo phases of expansions. */
export function setOrdering(before: State, webhookId: string, ordering: Webhook['ordering'], rules: Rules = RULES): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId);
  if (!webhook || webhook.ordering === ordering) return state;
  webhook.ordering = ordering;
  if (ordering === 'fifo' && rules.fifoReopensExpansions)
    for (const expansion of state.expansions) Object.assign(expansion, { fifoDone: false, fifoCursor: '' });
  return state;
}

/** Pauses or resumes one webhook for its owner: the operator's pause of it stays as it is. */
export function setOwnerPaused(before: State, webhookId: string, paused: boolean): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId);
  if (webhook) webhook.ownerPaused = paused;
  return state;
}

/** Lets one webhook wait until its URL is verified, or verifies it: the pauses of its owner and of operators stay as they are. */
export function setUnverified(before: State, webhookId: string, unverified: boolean): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId);
  if (webhook) webhook.unverified = unverified;
  return state;
}

/** Pauses or resumes everything (null) or one webhook, for an operator. */
export function setPaused(before: State, webhookId: string | null, paused: boolean): State {
  const state = copy(before);
  const webhook = state.webhooks.get(webhookId ?? '');
  if (webhookId === null) state.paused = paused;
  else if (webhook) webhook.paused = paused;
  return state;
}
