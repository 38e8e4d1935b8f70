import { checkContract, checkSchema, faultOfTypeName } from '@tidings/event-types';
import type { FieldError } from '@tidings/events';
import type { EventTypeInput } from './event-type-input.js';

/** Returns every fault of an event type by itself: of its name (`type`), its schema, and of examples that do not fit it. */
export function faultsOf(input: EventTypeInput): FieldError[] {
  const fault = faultOfTypeName(input.name);
  return fault === null
    ? checkContract(input, input.examples)
    : [{ field: 'type', message: fault }, ...checkSchema(input.schema, input)];
}
