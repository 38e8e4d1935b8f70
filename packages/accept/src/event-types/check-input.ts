import { checkSchema, compileContract, faultOfTypeName } from '@tidings/event-types';
import type { FieldError } from '@tidings/events';
import type { EventTypeInput } from './event-type-input.js';

/** Returns every fault of an event type by itself: of its name (`type`), its schema, and of examples that do not fit it. */
export function faultsOf(input: EventTypeInput): FieldError[] {
  const { name, audience, ownerField, unknownFields, schema, examples } = input;
  const fault = faultOfTypeName(name);
  const faults: FieldError[] = fault === null ? [] : [{ field: 'type', message: fault }];
  faults.push(...checkSchema(schema, { audience, ownerField }));
  if (faults.length > 0) return faults;
  const { validate } = compileContract({ audience, ownerField, unknownFields, schema });
  return examples.flatMap((example, index) =>
    validate(example).map(({ field, message }) => ({
      field: field.replace(/^data/, `examples[${String(index)}]`),
      message,
    })),
  );
}
