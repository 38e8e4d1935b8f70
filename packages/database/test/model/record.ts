import type { HealthRules } from '../../src/sql/record-attempts.js';
import { copy, RULES, settle, type Delivery, type Rules, type State, type Webhook } from './state.js';

/** The status of a receiver's answer; null when there was none. */
export type Answer = 204 | 500 | 410 | null;

/** One attempt to record, as `AttemptRecord` has it. */
export interface ModelRecord {
  id: string;
  token: number;
  answer: Answer;
  outcome: { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; retryInMs: number };
}

/** Records attempts whose leases still hold, and returns the tokens of these, as `recordAttempts` does. */
export function record(
  before: State,
  records: readonly ModelRecord[],
  { wakeAfterMs, health }: { wakeAfterMs: number; health: HealthRules },
  rules: Rules = RULES,
): { state: State; held: number[] } {
  const state = copy(before);
  const held: number[] = [];
  const answers = new Map<string, Answer[]>();
  const exhausted = new Set<string>();
  for (const { id, token, answer, outcome } of records) {
    const delivery = state.deliveries.find((one) => one.id === id);
    if (!delivery || (rules.recordRequiresLease && delivery.leaseToken !== token)) continue;
    held.push(token);
    answers.set(delivery.webhookId, [...(answers.get(delivery.webhookId) ?? []), answer]);
    if (outcome.status === 'failed') exhausted.add(delivery.webhookId);
    const fifo = state.webhooks.get(delivery.webhookId)?.ordering === 'fifo';
    delivery.attemptCount += 1;
    delivery.leaseToken = null;
    if (!fifo) delivery.priority = Math.max(delivery.priority, 1);
    // A delivery that was cancelled in the meantime stays cancelled, and releases its slot.
    if (delivery.status !== 'pending') settle(delivery, delivery.status);
    else if (outcome.status === 'pending')
      retry(delivery, fifo && rules.fifoRetryKeepsSlot, state.now + outcome.retryInMs, wakeAfterMs);
    else settle(delivery, outcome.status);
  }
  for (const [webhookId, ofWebhook] of answers) {
    const webhook = state.webhooks.get(webhookId);
    if (webhook) updateHealth(webhook, { answers: ofWebhook, isExhausted: exhausted.has(webhookId) }, state.now, health);
  }
  return { state, held };
}

function retry(delivery: Delivery, keepsSlot: boolean, at: number, wakeAfterMs: number): void {
  Object.assign(delivery, { stage: keepsSlot ? 'admitted' : 'backoff', nextAttemptAt: at, wakeAt: at + wakeAfterMs });
}

/** The recorded attempts of one webhook. */
interface Answers {
  answers: readonly Answer[];
  /** One of its deliveries is out of attempts. */
  isExhausted: boolean;
}

function updateHealth(webhook: Webhook, { answers, isExhausted }: Answers, now: number, health: HealthRules): void {
  const unanswered = answers.filter((answer) => answer === null).length;
  const failedFor = webhook.failingSince === null ? -Infinity : now - webhook.failingSince;
  if (unanswered < answers.length) {
    Object.assign(webhook, { unreachableCount: 0, circuitOpenedAt: null, circuitProbeAt: null });
  } else {
    webhook.unreachableCount += unanswered;
    if (webhook.circuitOpenedAt !== null || webhook.unreachableCount >= health.circuitAfter) {
      const openFor = webhook.circuitOpenedAt === null ? 0 : now - webhook.circuitOpenedAt;
      webhook.circuitOpenedAt ??= now;
      webhook.circuitProbeAt = now + Math.min(Math.max(openFor, health.probeAfterMs), health.probeAtMostMs);
    }
  }
  const succeeded = answers.includes(204);
  webhook.failingSince = succeeded ? null : (webhook.failingSince ?? now);
  if (!webhook.enabled) return;
  if (answers.includes(410)) Object.assign(webhook, { enabled: false, disabledReason: 'gone' });
  else if (isExhausted && !succeeded && failedFor >= health.disableAfterMs)
    Object.assign(webhook, { enabled: false, disabledReason: 'failing' });
}
