/** The longest name of an event type, in characters. */
const MAX_CHARACTERS = 100;
const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;
/** The types that only Tidings publishes begin with these. */
const RESERVED = ['webhook.', 'delivery.', 'stream.'];

/** Returns why an event type cannot have the name, as the end of a sentence; null: it can. */
export function faultOfTypeName(name: string): string | null {
  if (name.length > MAX_CHARACTERS) return `must have at most ${String(MAX_CHARACTERS)} characters`;
  if (!NAME.test(name)) return 'must be of the form noun.verb, in lower case, such as sync.completed';
  if (RESERVED.some((prefix) => name.startsWith(prefix))) {
    return `is reserved: types that begin with ${RESERVED.join(', ')} are published by Tidings itself`;
  }
  return null;
}
