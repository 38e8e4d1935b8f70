import { changeOfLimit, narrowed, widened } from './changes-of-limit.js';
import { LEAST, MOST } from './compare-scalars.js';
import type { Compare, ContractChange } from './contract-change.js';
import { itemPath } from './path.js';
import type { ArrayForm, Shape } from './shape.js';

/** Compares the lists that are allowed, and their items at each place where both may have one. */
export function compareArrays(
  path: string,
  before: ArrayForm,
  after: ArrayForm,
  compareShapes: Compare<Shape>,
): ContractChange[] {
  const changes = [
    ...changeOfLimit(path, 'The least number of items (minItems)', before.minItems, after.minItems, LEAST),
    ...changeOfLimit(path, 'The greatest number of items (maxItems)', before.maxItems, after.maxItems, MOST),
  ];
  if (after.isUnique && !before.isUnique) changes.push(narrowed(path, 'The items must now be unique'));
  if (before.isUnique && !after.isUnique) changes.push(widened(path, 'The items need no longer be unique'));

  const longest = Math.min(before.maxItems, after.maxItems);
  const named = Math.max(before.first.length, after.first.length);
  for (let index = 0; index < Math.min(named, longest); index += 1) {
    const [one, other] = [before.first[index] ?? before.rest, after.first[index] ?? after.rest];
    changes.push(...compareShapes(itemPath(path, index), one, other));
  }
  if (longest > named) changes.push(...compareShapes(itemPath(path), before.rest, after.rest));
  return changes;
}
