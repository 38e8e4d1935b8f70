import type { PublishedEvent, Registration } from './ledger.js';

/** Whether a webhook must get an event, by the rules of docs/concepts.md and without the code under test. */
export function isExpectedBy({ owner, type }: Pick<PublishedEvent, 'owner' | 'type'>, webhook: Registration): boolean {
  return (owner === null || owner === webhook.owner) && webhook.types.some((pattern) => matchesType(pattern, type));
}

function matchesType(pattern: string, type: string): boolean {
  if (pattern === '*' || pattern === type) return true;
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1));
}
