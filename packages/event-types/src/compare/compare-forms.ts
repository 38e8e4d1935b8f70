import { compareArrays } from './compare-arrays.js';
import { compareObjects } from './compare-objects.js';
import { compareNumbers, compareStrings } from './compare-scalars.js';
import { compareValues, compareValuesWithLimits } from './compare-values.js';
import type { Compare, ContractChange } from './contract-change.js';
import type { ArrayForm, Form, JsonType, NumberForm, ObjectForm, Shape, StringForm } from './shape.js';

/**
 * Compares the decided limits of one type.
 *
 * @param options.areValuesCompared whether the lists of values are compared already, with those of other types
 * @param options.compareShapes compares fields and items
 */
export function compareForms(
  path: string,
  type: JsonType,
  before: Form,
  after: Form,
  { areValuesCompared, compareShapes }: { areValuesCompared: boolean; compareShapes: Compare<Shape> },
): ContractChange[] {
  if (before === after) return [];
  const oneSided = compareValuesWithLimits(path, type, before, after);
  if (oneSided) return oneSided;
  const changes = before.values && after.values && !areValuesCompared ? compareValues(path, before.values, after.values) : [];
  return [...changes, ...compareLimits(path, type, before, after, compareShapes)];
}

function compareLimits(path: string, type: JsonType, before: Form, after: Form, compareShapes: Compare<Shape>): ContractChange[] {
  switch (type) {
    case 'null':
    case 'boolean':
      return [];
    case 'number':
      return compareNumbers(path, before as NumberForm, after as NumberForm);
    case 'string':
      return compareStrings(path, before as StringForm, after as StringForm);
    case 'array':
      return compareArrays(path, before as ArrayForm, after as ArrayForm, compareShapes);
    case 'object':
      return compareObjects(path, before as ObjectForm, after as ObjectForm, compareShapes);
  }
}
