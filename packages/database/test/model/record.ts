import type { HealthRules } from '../../src/sql/record-attempts.js';
import { end } from './end.js';
import type { Throttle } from './flow.js';
import { changesHealth, updateHealth, type Answer, type Answers } from './health.js';
import { hasParked } from './line.js';
import { RULES, type Rules } from './rules.js';
import { copy, withdrawLease, type PendingDelivery, type State } from './state.js';

/** One attempt to record, as `AttemptRecord` has it. */
export interface ModelRecord {
  id: string;
  token: number;
  answer: Answer;
  /** What its receiver asked for; null: not to slow down. */
  throttle: Throttle | null;
  slowDowns: number;
  /** Whether it uses up one of the policy's attempts. */
  counted: boolean;
  outcome: { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; retryInMs: number };
}

export interface RecordOptions {
  wakeAfterMs: number;
  health: HealthRules;
  /** The ids of deliveries and webhooks that other transactions have locked. */
  locked?: readonly string[];
}

export interface ModelRecorded {
  state: State;
  /**
   * By the tokens that still held. `againInMs`: the time until a retry that was requested meanwhile; null: there was none.
   * `heldForMs`: the time until the hold ends because of which it was parked; null: it was not.
   */
  held: Map<number, { backlogged: boolean; againInMs: number | null; heldForMs: number | null }>;
  /** The tokens of records that are to be recorded again, because a row is locked. */
  locked: number[];
}

/** Records attempts whose leases still hold, as `recordAttempts` does. */
export function record(
  before: State,
  records: readonly ModelRecord[],
  { wakeAfterMs, health, locked = [] }: RecordOptions,
  rules: Rules = RULES,
): ModelRecorded {
  const state = copy(before);
  const recorded: ModelRecorded = { state, held: new Map(), locked: [] };
  const held = records.flatMap((one) => {
    const row = state.pending.get(one.id);
    return row && (!rules.recordRequiresLease || row.leaseToken === one.token) ? [{ ...one, row }] : [];
  });
  const answers = new Map<string, Answers>();
  for (const { id, row, answer, counted, throttle, slowDowns, outcome } of held) {
    // Without a response, and not counted: the webhook's health does not change.
    if (locked.includes(id) || (!counted && answer === null)) continue;
    const earlier = answers.get(row.webhookId) ?? { answers: [], flow: [], isExhausted: false };
    answers.set(row.webhookId, {
      answers: [...earlier.answers, answer],
      flow: [...earlier.flow, { status: answer, throttle, slowDowns }],
      isExhausted: earlier.isExhausted || outcome.status === 'failed',
    });
  }
  const waiting = new Set<string>();
  // A locked webhook is no hindrance while its health does not change.
  for (const webhookId of [...answers.keys()]) {
    const webhook = state.webhooks.get(webhookId);
    const ofWebhook = answers.get(webhookId);
    const waits = locked.includes(webhookId) && webhook && ofWebhook && changesHealth(webhook, ofWebhook, health, state.now);
    if (!waits) continue;
    answers.delete(webhookId);
    waiting.add(webhookId);
  }
  const parked = new Map<number, string>();
  for (const { id, token, row, answer, counted, throttle, outcome } of held) {
    if (locked.includes(id) || waiting.has(row.webhookId)) {
      recorded.locked.push(token);
      continue;
    }
    row.attemptCount += 1;
    // Requests that the policy does not count are like those before a replay.
    if (!counted) row.priorAttempts += 1;
    if (!counted && answer === null) row.resent = true;
    const parks = throttle !== null && !counted;
    if (parks && !row.again && !row.ended && outcome.status === 'pending') parked.set(token, id);
    const againInMs = settle(state, row, outcome, parks, wakeAfterMs, rules);
    recorded.held.set(token, { backlogged: false, againInMs, heldForMs: null });
  }
  for (const { id, token } of records) {
    const result = recorded.held.get(token);
    const webhookId = state.deliveries.get(id)?.webhookId ?? '';
    // Those that were parked just now wait for the end of a hold.
    if (result) result.backlogged = hasParked(state, webhookId, [...parked.values()]);
  }
  for (const [webhookId, ofWebhook] of answers) {
    const webhook = state.webhooks.get(webhookId);
    if (webhook) updateHealth(state, webhook, ofWebhook, health, rules);
  }
  for (const { id, token } of records) {
    const result = parked.has(token) ? recorded.held.get(token) : undefined;
    const until = state.webhooks.get(state.deliveries.get(id)?.webhookId ?? '')?.throttledUntil ?? null;
    if (result && until !== null) result.heldForMs = Math.max(0, Math.ceil(until - state.now));
  }
  return recorded;
}

/** Gives the delivery of a recorded attempt its next state, and returns the time until a retry that was requested meanwhile. */
function settle(
  state: State,
  row: PendingDelivery,
  outcome: ModelRecord['outcome'],
  parks: boolean,
  wakeAfterMs: number,
  { recordHonoursRetry, successEndsCancellation }: Rules,
): number | null {
  const again = row.again && recordHonoursRetry && !row.ended;
  withdrawLease(row);
  if (row.ended || (outcome.status !== 'pending' && !again)) {
    // A delivery that was cancelled or skipped in the meantime stays so, unless its request succeeded.
    const status =
      row.ended && (outcome.status !== 'succeeded' || !successEndsCancellation)
        ? state.deliveries.get(row.id)?.status
        : outcome.status;
    end(state, row, status ?? 'cancelled');
    return null;
  }
  // An attempt that ends the delivery makes the requested retry a replay.
  if (outcome.status !== 'pending') Object.assign(row, { priority: 2, replay: true });
  if (again && row.replay) row.priorAttempts = row.attemptCount;
  row.firstAttemptAt = again ? null : Math.min(row.firstAttemptAt ?? state.now, state.now);
  if (parks && !again) {
    // It is due, and keeps its place: its webhook is held.
    Object.assign(row, { stage: 'parked', nextAttemptAt: state.now, wakeAt: null });
    return null;
  }
  if (state.webhooks.get(row.webhookId)?.ordering !== 'fifo') row.priority = Math.max(row.priority, 1);
  const delivery = state.deliveries.get(row.id);
  if (delivery) delivery.replay = row.replay;
  const retryInMs = outcome.status === 'pending' ? outcome.retryInMs : 0;
  row.nextAttemptAt = again ? Math.max(row.nextAttemptAt, state.now) : state.now + retryInMs;
  Object.assign(row, { stage: 'backoff', wakeAt: row.nextAttemptAt + wakeAfterMs });
  return again ? row.nextAttemptAt - state.now : null;
}
