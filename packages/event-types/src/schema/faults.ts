import type { FieldError } from '@tidings/events';
import { fieldPath } from '../field-path.js';
import { MAX_FAULTS } from './bounds.js';

/** A place in a schema: `['properties', 'price', 'pattern']`. */
export type Place = readonly (string | number)[];

/** The faults of a schema, up to a bound. */
export interface Faults {
  readonly list: readonly FieldError[];
  add: (place: Place, message: string) => void;
}

/** Starts an empty list of faults, whose places begin with `schema`. */
export function startFaults(): Faults {
  const list: FieldError[] = [];
  return {
    list,
    add: (place, message) => {
      if (list.length < MAX_FAULTS) list.push({ field: fieldPath(['schema', ...place]), message });
    },
  };
}
