import type { ContractChange } from '@tidings/event-types';
import { nameOf, type Judgement } from './judge.js';
import type { AffectedWebhook } from './registry-api.js';

/** Words a judgement: whether the type is new or the same, or each change, whom it breaks, and the webhooks of a breaking one. */
export function writeJudgement({ status, changes, webhooks, more_webhooks: hasMore, ...named }: Judgement): string {
  const name = nameOf(named);
  if (status !== 'changed') return `${name} is ${status === 'new' ? 'new' : 'the same'}`;
  return [`${name} differs:`, ...writeChanges(changes), ...writeWebhooks(webhooks, hasMore)].join('\n');
}

/** Words changes, one on a line: where it is, what changed, its kind, and whom it breaks. */
export function writeChanges(changes: readonly ContractChange[]): string[] {
  return changes.map(({ path, kind, breaks, message }) => {
    const isBreaking = breaks.length > 0;
    return `  ${isBreaking ? '✗' : '·'} ${path}: ${message} [${[kind, ...(isBreaking ? [`breaks ${breaks.join(' and ')}`] : [])].join(', ')}]`;
  });
}

/** Words the webhooks that a change affects, one on a line. */
export function writeWebhooks(webhooks: readonly AffectedWebhook[], hasMore: boolean): string[] {
  const lines = webhooks.map(({ id, owner, event_types: types }) => `  → ${id} of ${owner} (${types.join(', ')})`);
  return hasMore ? [...lines, '  → and more webhooks'] : lines;
}

/** Words how many changes break somebody: `1 change breaks`. */
export function breakingChanges(count: number): string {
  return count === 1 ? '1 change breaks' : `${String(count)} changes break`;
}
