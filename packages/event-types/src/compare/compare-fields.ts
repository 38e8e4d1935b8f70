import { pathOfField } from '../field-path.js';
import { brokenBy, type Breaks, type Compare, type ContractChange } from './contract-change.js';
import { isAny, isNever, type Field, type ObjectForm, type Shape } from './shape.js';

/** Compares the fields that either object names. */
export function compareFields(
  path: string,
  before: ObjectForm,
  after: ObjectForm,
  compareShapes: Compare<Shape>,
): ContractChange[] {
  const names = [...new Set([...before.fields.keys(), ...after.fields.keys()])];
  return names.flatMap((name) => {
    const [one, other] = [before.fields.get(name), after.fields.get(name)];
    const place = pathOfField(path, name);
    if (one && other && isNever(other.shape) && !isNever(one.shape)) {
      // As a field that the schema does not name, whatever else it keeps.
      return [removed(place, one, { ...after, rest: other.shape }, compareShapes)];
    }
    if (one && other) return [...comparePresence(place, one, other), ...compareShapes(place, one.shape, other.shape)];
    if (other)
      return isForbidden(other, before)
        ? compareShapes(place, before.rest, other.shape)
        : [added(place, other, before, after, compareShapes)];
    if (one)
      return isForbidden(one, after) ? compareShapes(place, one.shape, after.rest) : [removed(place, one, after, compareShapes)];
    return [];
  });
}

function comparePresence(path: string, before: Field, after: Field): ContractChange[] {
  if (before.isRequired === after.isRequired) return [];
  return after.isRequired
    ? [
        {
          path,
          kind: 'field_required',
          breaks: ['publishers'],
          message: 'The field is required now: publishers that leave it out are refused.',
        },
      ]
    : [
        {
          path,
          kind: 'field_optional',
          breaks: ['receivers'],
          message: 'The field is optional now: receivers that need it may not get it.',
        },
      ];
}

/** Whether the schema names the field only to refuse it. */
function isForbidden({ shape }: Field, { mayNameElsewhere }: ObjectForm): boolean {
  return isNever(shape) && !mayNameElsewhere;
}

function added(path: string, field: Field, before: ObjectForm, after: ObjectForm, compareShapes: Compare<Shape>): ContractChange {
  const broken: Breaks[] = [];
  const reasons: string[] = [];
  if (field.isRequired) {
    broken.push('publishers');
    reasons.push('publishers that do not send it are refused');
  }
  const earlier = isNever(before.rest) ? [] : brokenByReplacing(path, before.rest, field.shape, compareShapes);
  if (earlier.includes('publishers') || before.patterns.size > 0 || after.patterns.size > 0) {
    broken.push('publishers');
    reasons.push('publishers may send other values under its name already, which are refused now');
  }
  if (earlier.includes('receivers') && !isAny(before.rest)) {
    broken.push('receivers');
    reasons.push('receivers may get values that were not allowed under its name');
  }
  if (before.undecided.size > 0 || after.undecided.size > 0) {
    broken.push('publishers', 'receivers');
    reasons.push('other limits of the object may count on its absence, which a comparison cannot decide');
  } else if (before.minProperties > requiredCount(before)) {
    broken.push('receivers');
    reasons.push('it counts for minProperties, so that receivers may miss all fields that they know');
  }
  const reason =
    reasons.length > 0 ? reasons.join('; ') : 'publishers need not send it, and receivers ignore fields that they do not know';
  const what = `The ${field.isRequired ? 'required' : 'optional'} field was added`;
  return { path, kind: 'field_added', breaks: unique(broken), message: `${what}: ${reason}.` };
}

function removed(path: string, { shape }: Field, after: ObjectForm, compareShapes: Compare<Shape>): ContractChange {
  const isRefused = isNever(after.rest) && after.patterns.size === 0;
  const breaksPublishers = !isAny(after.rest) && brokenByReplacing(path, shape, after.rest, compareShapes).includes('publishers');
  const refusal = isRefused ? 'publishers that still send it are refused' : 'publishers may send values that are refused now';
  const reason = `receivers that need it may not get it${breaksPublishers ? `, and ${refusal}` : ''}`;
  return {
    path,
    kind: 'field_removed',
    breaks: breaksPublishers ? ['publishers', 'receivers'] : ['receivers'],
    message: `The field was removed: ${reason}.`,
  };
}

/**
 * Whom it breaks that another shape holds for the field. Two shapes of objects or lists count as breaking both without a look:
 * comparing all fields with that of the unnamed ones takes seconds for a schema of the greatest size.
 */
function brokenByReplacing(path: string, before: Shape, after: Shape, compareShapes: Compare<Shape>): Breaks[] {
  const hasParts = ({ forms }: Shape): boolean => forms.array !== undefined || forms.object !== undefined;
  if (!isAny(before) && hasParts(before) && hasParts(after)) return ['publishers', 'receivers'];
  return brokenBy(compareShapes(path, before, after));
}

function requiredCount({ fields }: ObjectForm): number {
  return [...fields.values()].filter(({ isRequired }) => isRequired).length;
}

function unique(broken: readonly Breaks[]): Breaks[] {
  return (['publishers', 'receivers'] as const).filter((party) => broken.includes(party));
}
