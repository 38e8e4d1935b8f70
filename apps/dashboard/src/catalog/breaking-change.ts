import { ApiProblem } from '../api/api.js';
import type { EventTypeChanges } from './event-types-api.js';

/** The part of a refusal that says what a change breaks. */
export type BreakingChange = Pick<EventTypeChanges, 'changes' | 'webhooks' | 'more_webhooks'>;

/** Returns what a write would break, when the API refused it for that; otherwise null. */
export function breakingChangeOf(error: unknown): BreakingChange | null {
  if (!(error instanceof ApiProblem)) return null;
  const { changes, webhooks = [], more_webhooks: more = false } = error.problem as Partial<BreakingChange>;
  return changes === undefined ? null : { changes, webhooks, more_webhooks: more };
}
