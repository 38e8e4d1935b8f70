import { z } from 'zod';
import type { FieldError } from '../invalid-event-error.js';
import { hasDigits } from './digits.js';

const SURROGATE = /\p{Surrogate}/u;
const UNPAIRED = 'holds half of a surrogate pair, which is no character: most JSON parsers refuse it';

/** Returns why a text is refused; undefined: it is not. A surrogate without its other half cannot be encoded as UTF-8. */
export function faultOfText(text: string): string | undefined {
  return SURROGATE.test(text) ? UNPAIRED : undefined;
}

/** Returns why the name of a member is refused; undefined: it is not. JavaScript does not store a member `__proto__`. */
export function faultOfKey(key: string): string | undefined {
  return key === '__proto__' ? 'is a name that Tidings does not accept: rename the member' : faultOfText(key);
}

/** The result of {@link inspectJson}. */
export interface Inspection {
  faults: FieldError[];
  /** Whether a number in it has digits that JavaScript would write otherwise. */
  hasDigits: boolean;
  /** A lower bound of its size as JSON, in bytes: that of its texts, names and brackets, and one for each other value. */
  leastBytes: number;
}

/**
 * Finds the places of a JavaScript value that cannot be sent as JSON without a change: the rules of `parseJson` for values that
 * did not come from it, and the depth. Walks no deeper than `maxLevels`.
 *
 * @param field the path of the value itself, with which the paths of faults begin
 */
export function inspectJson(value: unknown, { field, maxLevels }: { field: string; maxLevels: number }): Inspection {
  const path: (string | number)[] = [field];
  const inspection: Inspection = { faults: [], hasDigits: false, leastBytes: 0 };
  const refuse = (message: string, key?: string): void => {
    inspection.faults.push({ field: z.core.toDotPath(key === undefined ? path : [...path, key]), message });
  };
  let tooDeep = undefined as FieldError | undefined;
  const visit = (inner: unknown): void => {
    if (tooDeep !== undefined) return;
    inspection.leastBytes += leastBytesOf(inner);
    if (typeof inner === 'string') {
      const fault = faultOfText(inner);
      if (fault !== undefined) refuse(fault);
    } else if (typeof inner === 'number') {
      if (!Number.isFinite(inner)) refuse(`is ${String(inner)}, which JSON does not have`);
    } else if (typeof inner === 'bigint') {
      refuse('is a bigint, which JSON does not have: send a number or a string');
    } else if (typeof inner === 'object' && inner !== null) {
      if (path.length > maxLevels) {
        tooDeep ??= { field, message: `is nested more than ${String(maxLevels)} levels deep` };
        return;
      }
      inspection.hasDigits ||= hasDigits(inner);
      if (Array.isArray(inner)) {
        for (let index = 0; index < inner.length; index += 1) visitAt(index, (inner as unknown[])[index]);
      } else {
        for (const key of Object.keys(inner)) {
          inspection.leastBytes += key.length;
          const fault = faultOfKey(key);
          if (fault !== undefined) refuse(fault, key);
          visitAt(key, (inner as Record<string, unknown>)[key]);
        }
      }
    }
  };
  const visitAt = (key: string | number, inner: unknown): void => {
    path.push(key);
    visit(inner);
    path.pop();
  };
  visit(value);
  return tooDeep ? { ...inspection, faults: [...inspection.faults, tooDeep] } : inspection;
}

function leastBytesOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value === 'string') return value.length + 2;
  return typeof value === 'object' && value !== null ? 2 : 1;
}
