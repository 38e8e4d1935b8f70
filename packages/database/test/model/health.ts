import type { HealthRules } from '../../src/sql/record-attempts.js';
import { changesFlow, slowDown, type FlowAnswer } from './flow.js';
import { RULES, type Rules } from './rules.js';
import type { State, Webhook } from './state.js';
import { changeEnabled } from './webhooks.js';

/** The status of a receiver's answer; null when there was none. */
export type Answer = 204 | 429 | 500 | 502 | 410 | null;

/** The recorded attempts of one webhook. */
export interface Answers {
  answers: readonly Answer[];
  /** What they say of the flow. */
  flow: readonly FlowAnswer[];
  /** One of its deliveries is out of attempts. */
  isExhausted: boolean;
}

/** Returns whether answers change a webhook's row. */
export function changesHealth(
  webhook: Webhook,
  { answers, flow, isExhausted }: Answers,
  health: HealthRules,
  now: number,
): boolean {
  const { unreachableCount, circuitOpenedAt, failingSince } = webhook;
  const succeeded = answers.includes(204);
  if (answers.every((answer) => answer === null) || unreachableCount > 0 || circuitOpenedAt !== null) return true;
  if (changesFlow(webhook, flow)) return true;
  if (answers.includes(410) || succeeded !== (failingSince === null)) return true;
  return isExhausted && !succeeded && failingSince !== null && failingSince <= now - health.disableAfterMs;
}

/** Opens or closes the circuit of a webhook, and disables it when it is gone or has failed for long. */
export function updateHealth(
  state: State,
  webhook: Webhook,
  { answers, flow, isExhausted }: Answers,
  health: HealthRules,
  rules: Rules = RULES,
): void {
  const { now } = state;
  slowDown(state, webhook, flow, rules);
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
  if (answers.includes(410)) changeEnabled(state, webhook, false, 'gone', rules);
  else if (isExhausted && !succeeded && failedFor >= health.disableAfterMs)
    changeEnabled(state, webhook, false, 'failing', rules);
}
