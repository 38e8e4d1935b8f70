import type { HealthRules } from '../../src/sql/record-attempts.js';
import { copy, RULES, settle, type Delivery, type Rules, type State, type Webhook } from './state.js';

/** What an endpoint answered: its status, or null when nothing came. */
export type Answer = 204 | 500 | 410 | null;

export interface ModelRecord {
  id: string;
  token: number;
  answer: Answer;
  outcome: { status: 'succeeded' } | { status: 'failed' } | { status: 'pending'; retryInMs: number };
}

/** Commits attempts as far as their leases still hold. Answers with the tokens that did. */
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
    if (!delivery || (rules.recordsFenced && delivery.leaseToken !== token)) continue;
    held.push(token);
    answers.set(delivery.webhookId, [...(answers.get(delivery.webhookId) ?? []), answer]);
    if (outcome.status === 'failed') exhausted.add(delivery.webhookId);
    const fifo = state.webhooks.get(delivery.webhookId)?.ordering === 'fifo';
    delivery.attemptCount += 1;
    delivery.leaseToken = null;
    if (!fifo) delivery.priority = Math.max(delivery.priority, 1);
    // One that was cancelled meanwhile stays so, and gives its slot back.
    if (delivery.status !== 'pending') settle(delivery, delivery.status);
    else if (outcome.status === 'pending')
      retry(delivery, fifo && rules.retriesKeepSlot, state.now + outcome.retryInMs, wakeAfterMs);
    else settle(delivery, outcome.status);
  }
  for (const [webhookId, seen] of answers) {
    const webhook = state.webhooks.get(webhookId);
    if (webhook) judge(webhook, { answers: seen, isExhausted: exhausted.has(webhookId) }, state.now, health);
  }
  return { state, held };
}

function retry(delivery: Delivery, keepsSlot: boolean, at: number, wakeAfterMs: number): void {
  Object.assign(delivery, { stage: keepsSlot ? 'admitted' : 'backoff', nextAttemptAt: at, wakeAt: at + wakeAfterMs });
}

interface Seen {
  answers: readonly Answer[];
  /** A delivery has used up its attempts. */
  isExhausted: boolean;
}

function judge(webhook: Webhook, { answers, isExhausted }: Seen, now: number, health: HealthRules): void {
  const silent = answers.filter((answer) => answer === null).length;
  const failedFor = webhook.failingSince === null ? -Infinity : now - webhook.failingSince;
  if (silent < answers.length) {
    Object.assign(webhook, { unreachableCount: 0, circuitOpenedAt: null, circuitProbeAt: null });
  } else {
    webhook.unreachableCount += silent;
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
