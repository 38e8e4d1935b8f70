import type { FieldError } from '@tidings/events';
import type { ErrorObject } from 'ajv';
import { fieldPath } from '../field-path.js';
import { describeError } from './describe-error.js';

/** How many wrong fields of one event are named. */
const MAX_ERRORS = 100;

/**
 * Turns the errors of Ajv into one error for each wrong field and reason, at most 100.
 *
 * @param errors the errors in the order in which Ajv found them: a union's own comes behind those of its branches
 * @param expectedOf says what a missing field must be: "a string"
 */
export function describeErrors(
  errors: readonly ErrorObject[],
  data: unknown,
  expectedOf: (error: ErrorObject, name: string) => string | undefined,
): FieldError[] {
  const described = new Map<string, FieldError>();
  for (const error of withoutNoise(withoutBranches(errors))) {
    if (described.size === MAX_ERRORS) break;
    const field = fieldOf(error, data);
    const message = describeError(error, expectedOf);
    if (message !== undefined) described.set(JSON.stringify([field, message]), { field, message });
  }
  return [...described.values()];
}

/** Leaves out what the branches of a union found, unless all branches but one are for other types: then that one is meant. */
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const kept: ErrorObject[] = [];
  /** Where each error that is kept was among all. */
  const indexes: number[] = [];
  errors.forEach((error, index) => {
    // An error that was left empty, as only the first one was wanted.
    if ((error.keyword as string | undefined) === undefined) return;
    const from = (error.params as { from?: number }).from;
    if (from !== undefined) {
      let start = indexes.length;
      while (start > 0 && (indexes[start - 1] ?? 0) >= from) start -= 1;
      const inner = kept.splice(start);
      indexes.length = start;
      const meant = error.keyword === 'contains' ? [] : inner.filter((one) => !isOtherType(one, error));
      if (inner.length - meant.length === branchCount(error) - 1 && meant.length > 0) {
        kept.push(...meant);
        indexes.push(...meant.map(() => index));
        return;
      }
    }
    kept.push(error);
    indexes.push(index);
  });
  return kept;
}

const isOtherType = (error: ErrorObject, union: ErrorObject): boolean =>
  error.keyword === 'type' && error.instancePath === union.instancePath;

const branchCount = ({ schema }: ErrorObject): number => (Array.isArray(schema) ? schema.length : 0);

/**
 * Leaves out unknown fields of an object in which something else is wrong, when several schemas describe it: those that do not
 * hold name no fields, so that all of them would be unknown.
 */
function withoutNoise(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const isUnknown = ({ keyword }: ErrorObject) => keyword === 'unevaluatedProperties';
  if (!errors.some(isUnknown)) return errors;
  const wrong = new Set<string>();
  for (const error of errors) {
    let path = error.instancePath;
    while (!isUnknown(error) && !wrong.has(path)) {
      wrong.add(path);
      path = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    }
  }
  return errors.filter((error) => !isUnknown(error) || !wrong.has(error.instancePath));
}

/** The path of the wrong field. A part of a JSON Pointer is an index where the data has a list. */
function fieldOf(error: ErrorObject, data: unknown): string {
  const names = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const path: (string | number)[] = ['data'];
  let value = data;
  for (const name of names) {
    path.push(Array.isArray(value) ? Number(name) : name);
    value = (value as Record<string, unknown> | undefined)?.[name];
  }
  const { missingProperty, additionalProperty, unevaluatedProperty } = error.params as Record<string, string | undefined>;
  const member = missingProperty ?? additionalProperty ?? unevaluatedProperty ?? error.propertyName;
  if (member !== undefined) path.push(member);
  return fieldPath(path);
}
