import { RULES, type Rules } from './rules.js';
import { isSuperseded, pendingOf, type PendingDelivery, type State, type Webhook } from './state.js';

/** In a parked line, so much waiting makes up for one level of priority. */
const AGEING_MS = 30_000;
const PRIORITIES = [0, 1, 2];

/** Compares two deliveries of a webhook: first attempts, then retries, then replays, each in the order of the log. */
export function compareByPriority(one: PendingDelivery, other: PendingDelivery): number {
  return one.priority - other.priority || one.position - other.position;
}

/**
 * Returns up to `count` parked deliveries that are next in a webhook's line, as `next_in_line` does: of a fifo webhook the
 * first, if it is parked, and replays. Each priority has an index range in the order of the log, and only the first of each range
 * are compared.
 */
export function nextInLine(
  state: State,
  webhook: Webhook,
  count: number,
  rules: Rules = RULES,
  except: readonly string[] = [],
): PendingDelivery[] {
  const parked = pendingOf(state, webhook.id).filter(
    (row) =>
      row.stage === 'parked' &&
      row.generation === webhook.generation &&
      !except.includes(row.id) &&
      isAdmissible(state, row, rules),
  );
  const byPosition = (one: PendingDelivery, other: PendingDelivery) => one.position - other.position;
  const level = (row: PendingDelivery) => levelOf(row, webhook, state.now, rules);
  return PRIORITIES.flatMap((priority) =>
    parked
      .filter((row) => row.priority === priority)
      .sort(byPosition)
      .slice(0, count),
  )
    .sort((one, other) => level(one) - level(other) || byPosition(one, other))
    .slice(0, count);
}

/** Returns the priority that waiting has left. A fifo webhook's line has the order of the log, and replays are not in it. */
function levelOf({ priority, nextAttemptAt }: PendingDelivery, { ordering }: Webhook, now: number, { lineAges }: Rules): number {
  if (ordering === 'fifo' && priority < 2) return 0;
  const waited = Math.floor(Math.max(0, now - nextAttemptAt) / AGEING_MS);
  return lineAges ? Math.max(0, priority - waited) : priority;
}

/**
 * Returns whether a delivery may be attempted before the others of its webhook. A fifo webhook's must be the first in line, and
 * wait for earlier events that are being expanded, unless it is a replay.
 */
export function isAdmissible(state: State, row: PendingDelivery, rules: Rules = RULES): boolean {
  if (state.webhooks.get(row.webhookId)?.ordering !== 'fifo') return true;
  if (rules.replaysLeaveLine && row.priority === 2) return true;
  return firstInLine(state, row.webhookId, rules) >= row.position;
}

/** Returns, like `has_parked`, whether a webhook has parked deliveries of its generation, `except` these. */
export function hasParked(state: State, webhookId: string, except: readonly string[] = []): boolean {
  const generation = state.webhooks.get(webhookId)?.generation;
  return pendingOf(state, webhookId).some(
    (row) => row.stage === 'parked' && row.generation === generation && !except.includes(row.id),
  );
}

/**
 * Returns, like `first_in_line`, the lowest position among a fifo webhook's pending deliveries that are no replays, and the events
 * for which the deliveries of fifo webhooks are still to be written.
 */
export function firstInLine(state: State, webhookId: string, rules: Rules): number {
  const unexpanded = state.expansions.filter(({ fifoDone }) => !fifoDone && rules.claimWaitsForExpansions);
  if (!rules.claimKeepsFifoOrder) return Math.min(...unexpanded.map(({ position }) => position));
  const line = pendingOf(state, webhookId).filter(
    (row) =>
      !row.ended &&
      !isSuperseded(state, row) &&
      (row.priority < 2 || !rules.replaysLeaveLine) &&
      (row.stage !== 'backoff' || rules.backoffHoldsLine),
  );
  return Math.min(...[...line, ...unexpanded].map(({ position }) => position));
}
