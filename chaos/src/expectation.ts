import type { PublishedEvent, Registration } from './ledger.js';

/** Which webhooks an event is for, by the words of docs/concepts.md rather than by the code that is under test. */
export function isFor({ user, type }: Pick<PublishedEvent, 'user' | 'type'>, webhook: Registration): boolean {
  return (user === null || user === webhook.user) && webhook.types.some((pattern) => means(pattern, type));
}

function means(pattern: string, type: string): boolean {
  if (pattern === '*' || pattern === type) return true;
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1));
}
