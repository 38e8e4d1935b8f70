import { changeOfLimit, undecided } from './changes-of-limit.js';
import { compareFields } from './compare-fields.js';
import { LEAST, MOST } from './compare-scalars.js';
import type { Compare, ContractChange } from './contract-change.js';
import { fieldsPath, UNKNOWN_FIELDS } from './path.js';
import { isNever, type ObjectForm, type Shape } from './shape.js';

/** Compares the objects that are allowed, field by field. */
export function compareObjects(
  path: string,
  before: ObjectForm,
  after: ObjectForm,
  compareShapes: Compare<Shape>,
): ContractChange[] {
  return [
    ...compareFields(path, before, after, compareShapes),
    ...comparePatterns(path, before, after, compareShapes),
    ...compareRest(path, before, after, compareShapes),
    ...compareCounts(path, before, after),
  ];
}

function comparePatterns(path: string, before: ObjectForm, after: ObjectForm, compareShapes: Compare<Shape>): ContractChange[] {
  const patterns = [...new Set([...before.patterns.keys(), ...after.patterns.keys()])];
  return patterns.flatMap((pattern) => {
    const [one, other] = [before.patterns.get(pattern), after.patterns.get(pattern)];
    if (one && other) return compareShapes(fieldsPath(path, pattern), one, other);
    const what = `The pattern of fields (patternProperties) was ${other ? 'added' : 'removed'}`;
    return [undecided(fieldsPath(path, pattern), what)];
  });
}

function compareRest(path: string, before: ObjectForm, after: ObjectForm, compareShapes: Compare<Shape>): ContractChange[] {
  if (isNever(before.rest) === isNever(after.rest)) return compareShapes(fieldsPath(path), before.rest, after.rest);
  const isOfContract = before.isRestImplied && after.isRestImplied;
  const fields = `Fields that the schema does not name${isOfContract ? ', at any depth,' : ''}`;
  const place = isOfContract ? UNKNOWN_FIELDS : path;
  if (isNever(after.rest)) {
    const message = `${fields} are refused instead of kept: publishers that send some are refused.`;
    return [{ path: place, kind: 'unknown_fields_refused', breaks: ['publishers'], message }];
  }
  const message = `${fields} are kept instead of refused: receivers may get fields that no schema describes.`;
  return [{ path: place, kind: 'unknown_fields_kept', breaks: ['receivers'], message }];
}

/** Compares `minProperties` and `maxProperties`, where the fields themselves do not say as much. */
function compareCounts(path: string, before: ObjectForm, after: ObjectForm): ContractChange[] {
  const [least, newLeast] = [leastOf(before), leastOf(after)];
  const [most, newMost] = [mostOf(before), mostOf(after)];
  const what = (which: string): string => `The ${which} number of fields`;
  return [
    ...(after.minProperties > least || before.minProperties > newLeast
      ? changeOfLimit(path, `${what('least')} (minProperties)`, least, newLeast, LEAST)
      : []),
    ...(after.maxProperties < most || before.maxProperties < newMost
      ? changeOfLimit(path, `${what('greatest')} (maxProperties)`, most, newMost, MOST)
      : []),
  ];
}

function leastOf({ minProperties, fields }: ObjectForm): number {
  return Math.max(minProperties, [...fields.values()].filter(({ isRequired }) => isRequired).length);
}

function mostOf({ maxProperties, fields, mayNameElsewhere, rest }: ObjectForm): number {
  return Math.min(maxProperties, isNever(rest) && !mayNameElsewhere ? fields.size : Infinity);
}
