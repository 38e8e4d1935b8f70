import type { JsonType } from './shape.js';

/** Numbers and texts of messages. */
const SHOWN = 5;
const MAX_LENGTH = 40;

const TYPES: Readonly<Record<JsonType, string>> = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'an object',
};

/** The types in words: `a text or null`. */
export function sayTypes(types: readonly JsonType[]): string {
  return types.length === 0
    ? 'nothing'
    : sayList(
        types.map((type) => TYPES[type]),
        'or',
      );
}

/** The values, given as JSON texts: the first five, and how many more there are. */
export function sayValues(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).map((text) => (text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text));
  const more = texts.length - shown.length;
  return sayList(more > 0 ? [...shown, `${String(more)} more`] : shown, 'and');
}

/** The names of keywords: "`if` and `pattern`". */
export function sayKeywords(keywords: readonly string[]): string {
  return sayList(
    keywords.map((keyword) => `\`${keyword}\``),
    'and',
  );
}

function sayList(items: readonly string[], word: string): string {
  const [last] = items.slice(-1);
  return items.length < 2 ? (last ?? '') : `${items.slice(0, -1).join(', ')} ${word} ${last ?? ''}`;
}
