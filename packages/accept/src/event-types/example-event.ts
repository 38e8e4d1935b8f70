import type { FieldError } from '@tidings/events';
import type { EventTypesSnapshot } from './snapshot.js';

/** An event that is made of an example. */
export interface ExampleEvent {
  type: string;
  version: number;
  /** JSON text. */
  data: string;
}

/**
 * Makes an event of the first example of a type. With the audience `owner`, the field that names the owner has `owner` instead of the
 * owner of the example: a webhook gets no events of anybody else. Returns what is wrong with the field `type` or `version` if there
 * is no such version, it has no example, or its schema allows no event of this owner.
 *
 * @param version default: the default version of the type
 */
export function exampleEvent(
  { find }: Pick<EventTypesSnapshot, 'find'>,
  { type: name, version: number }: { type: string; version?: number | undefined },
  owner: string,
): ExampleEvent | FieldError {
  const found = find(name, number);
  if ('field' in found) return found;
  const { version, audience, ownerField, examples } = found.version;
  const [example] = examples;
  if (example === undefined) {
    return { field: 'type', message: `"${name}" has no example in version ${String(version)}: write the type with one` };
  }
  const data = audience === 'owner' ? { ...(example as object), [ownerField]: owner } : example;
  const [fault] = found.version.compiled.validate(data);
  if (fault) return { field: 'type', message: `"${name}" has no example for this owner: ${fault.field} ${fault.message}` };
  return { type: name, version, data: JSON.stringify(data) };
}
