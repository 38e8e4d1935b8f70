import { checkSchema, compileContract } from '@tidings/event-types';
import { shorten, type FieldError } from '@tidings/events';
import type { EventTypeInput } from './event-type-input.js';

/** The maximum length of a type's name. */
const MAX_NAME = 100;
const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;
/** The types that only Tidings publishes begin with these. */
const RESERVED = ['webhook.', 'delivery.', 'stream.'];

/** Returns what is wrong with the name of an event type, as the end of a sentence; null: nothing. */
export function faultOfName(name: string): string | null {
  if (name.length > MAX_NAME) return `must have at most ${String(MAX_NAME)} characters`;
  if (!NAME.test(name)) return `"${shorten(name)}" must be of the form noun.verb, in lower case, such as sync.completed`;
  if (RESERVED.some((prefix) => name.startsWith(prefix)))
    return `types that begin with ${RESERVED.join(', ')} are published by Tidings itself`;
  return null;
}

/** Returns every fault of an event type by itself: of its name (`type`), its schema, and of examples that do not fit it. */
export function faultsOf(input: EventTypeInput): FieldError[] {
  const { name, audience, ownerField, unknownFields, schema, examples } = input;
  const fault = faultOfName(name);
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
