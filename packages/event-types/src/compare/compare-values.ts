import { narrowed, undecided, widened } from './changes-of-limit.js';
import type { ContractChange } from './contract-change.js';
import { admitsNumber, admitsString } from './read-scalars.js';
import { sayValues } from './say.js';
import { ANY, type Form, type JsonType, type NumberForm, type StringForm } from './shape.js';

type Values = ReadonlyMap<string, unknown>;

/** Compares two lists of values, of any types. */
export function compareValues(path: string, before: Values, after: Values): ContractChange[] {
  const lost = [...before.keys()].filter((text) => !after.has(text));
  const gained = [...after.keys()].filter((text) => !before.has(text));
  const changes: ContractChange[] = [];
  if (lost.length > 0) {
    changes.push({
      path,
      kind: 'enum_shrunk',
      breaks: ['publishers'],
      message: `${sayValues(lost)} ${wereOrWas(lost)} removed from the allowed values: publishers that send ${themOrIt(lost)} are refused.`,
    });
  }
  if (gained.length > 0) {
    changes.push({
      path,
      kind: 'enum_grown',
      breaks: ['receivers'],
      message: `${sayValues(gained)} ${wereOrWas(gained)} added to the allowed values: receivers may not know ${themOrIt(gained)}.`,
    });
  }
  return changes;
}

/**
 * Compares a list of values with limits that allow any number of them. Undefined: neither form lists values, or both do.
 */
export function compareValuesWithLimits(path: string, type: JsonType, before: Form, after: Form): ContractChange[] | undefined {
  if (before.values && !after.values) {
    const what = `The list of allowed values (${sayValues([...before.values.keys()])}) was removed`;
    if (!canAdmit(type, after)) return [undecided(path, what)];
    const refused = refusedBy(type, after, before.values);
    const narrowing = `${sayValues(refused)} ${wereOrWas(refused)} allowed before`;
    return [widened(path, what), ...(refused.length > 0 ? [narrowed(path, narrowing)] : [])];
  }
  if (!before.values && after.values) {
    const what = `A list of allowed values (${sayValues([...after.values.keys()])}) was added`;
    if (!canAdmit(type, before)) return [undecided(path, what)];
    const unknown = refusedBy(type, before, after.values);
    const widening = `${sayValues(unknown)} ${wereOrWas(unknown)} not allowed before`;
    return [narrowed(path, what), ...(unknown.length > 0 ? [widened(path, widening)] : [])];
  }
  return undefined;
}

/** Whether it can be said which values the form allows. */
function canAdmit(type: JsonType, form: Form): boolean {
  return type === 'number' || type === 'string' || form === ANY.forms[type];
}

function refusedBy(type: JsonType, form: Form, values: Values): string[] {
  const admits = (value: unknown): boolean => {
    if (type === 'number') return admitsNumber(form as NumberForm, value as number);
    return type !== 'string' || admitsString(form as StringForm, value as string);
  };
  return [...values].filter(([, value]) => !admits(value)).map(([text]) => text);
}

function wereOrWas(values: readonly string[]): string {
  return values.length === 1 ? 'was' : 'were';
}

function themOrIt(values: readonly string[]): string {
  return values.length === 1 ? 'it' : 'them';
}
