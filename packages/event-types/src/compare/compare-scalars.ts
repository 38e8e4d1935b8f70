import { changeOfLimit, narrowed, undecided, widened } from './changes-of-limit.js';
import type { ContractChange } from './contract-change.js';
import { isHigher, isLower } from './read-scalars.js';
import type { Bound, NumberForm, StringForm } from './shape.js';

/** A count in words; none when it is infinite. */
export const LEAST = { allowsLess: (one: number, other: number) => one > other, say: String };
export const MOST = {
  allowsLess: (one: number, other: number) => one < other,
  say: (limit: number) => (limit === Infinity ? 'none' : String(limit)),
};

/** Compares the lengths that texts may have. */
export function compareStrings(path: string, before: StringForm, after: StringForm): ContractChange[] {
  return [
    ...changeOfLimit(path, 'The least length of the text (minLength)', before.minLength, after.minLength, LEAST),
    ...changeOfLimit(path, 'The greatest length of the text (maxLength)', before.maxLength, after.maxLength, MOST),
  ];
}

/** Compares the numbers that are allowed. */
export function compareNumbers(path: string, before: NumberForm, after: NumberForm): ContractChange[] {
  const say = ({ value, isExclusive }: Bound): string =>
    Number.isFinite(value) ? `${String(value)}${isExclusive ? ' (exclusive)' : ''}` : 'none';
  return [
    ...compareWhole(path, before, after),
    ...changeOfLimit(path, 'The least number (minimum)', before.least, after.least, { allowsLess: isHigher, say }),
    ...changeOfLimit(path, 'The greatest number (maximum)', before.most, after.most, { allowsLess: isLower, say }),
    ...compareMultiples(path, before, after),
  ];
}

function compareWhole(path: string, before: NumberForm, after: NumberForm): ContractChange[] {
  if (before.isWhole === after.isWhole) return [];
  return after.isWhole
    ? [narrowed(path, 'The type changed from number to integer')]
    : [widened(path, 'The type changed from integer to number')];
}

function compareMultiples(path: string, before: NumberForm, after: NumberForm): ContractChange[] {
  const [one, other] = [before.multipleOf, after.multipleOf];
  if (one === other) return [];
  if (other === undefined) return [widened(path, `The numbers need no longer be multiples of ${String(one)}`)];
  if (one === undefined) return [narrowed(path, `The numbers must now be multiples of ${String(other)}`)];
  const what = `The numbers must be multiples of ${String(other)} instead of ${String(one)}`;
  // Validators divide floating-point numbers, so that a multiple of 0.3 need not be one of 0.1.
  if (!Number.isSafeInteger(one) || !Number.isSafeInteger(other)) return [undecided(path, what)];
  if (other % one === 0) return [narrowed(path, what)];
  return one % other === 0 ? [widened(path, what)] : [narrowed(path, what), widened(path, what)];
}
