import type { ContractChange } from './contract-change.js';

/** The data of publishers may be refused: the field allows less than before. */
export function narrowed(path: string, what: string): ContractChange {
  return {
    path,
    kind: 'field_narrowed',
    breaks: ['publishers'],
    message: `${what}, so that it allows less: publishers that send other values are refused.`,
  };
}

/** Receivers may get what was not allowed before: the field allows more. */
export function widened(path: string, what: string): ContractChange {
  return {
    path,
    kind: 'field_widened',
    breaks: ['receivers'],
    message: `${what}, so that it allows more: receivers may get values that they do not expect.`,
  };
}

/** Nobody can say whom the change breaks: it counts as breaking both. */
export function undecided(path: string, what: string): ContractChange {
  return {
    path,
    kind: 'undecided',
    breaks: ['publishers', 'receivers'],
    message: `${what}, and a comparison cannot decide what that allows or refuses: it may break publishers and receivers.`,
  };
}

/**
 * The change of a limit that allows less when it is higher, such as `minLength`, or when it is lower.
 *
 * @param what the limit in words, as the subject of a sentence
 * @param allowsLess whether the first of two values allows less than the second
 */
export function changeOfLimit<Limit>(
  path: string,
  what: string,
  before: Limit,
  after: Limit,
  { allowsLess, say }: { allowsLess: (one: Limit, other: Limit) => boolean; say: (limit: Limit) => string },
): ContractChange[] {
  const sentence = `${what} changed from ${say(before)} to ${say(after)}`;
  if (allowsLess(after, before)) return [narrowed(path, sentence)];
  return allowsLess(before, after) ? [widened(path, sentence)] : [];
}
