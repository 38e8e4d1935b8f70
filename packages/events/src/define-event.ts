import { z } from 'zod';
import type { EventDraft } from './event.js';

/** Who may see an event: `everyone`, or the one user whom its data names in `user_id`. */
export type Audience = 'everyone' | 'user';

interface EventOptions<Type extends string, Schema extends z.ZodObject> {
  /** `noun.verb`, in lower case: `sync.completed`. */
  type: Type;
  /** With `user`, the schema must have `user_id`. */
  audience: Audience;
  /** What `data` must be. Use `z.strictObject`, so that a misspelt field is an error. */
  schema: Schema;
  /** One sentence: when it is published. */
  description: string;
  /** A valid payload: in the docs, in `/api/event-types`, and checked by a test. */
  example: z.output<Schema>;
}

/** A type of event. Call it to make an event of that type: `syncCompleted({ user_id, … })`. */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> extends Readonly<
  EventOptions<Type, Schema>
> {
  /** Makes an event to publish. Nothing is checked until it is published. */
  (data: z.input<Schema>, options?: { id?: string; timestamp?: string }): EventDraft<Type, z.input<Schema>>;
}

const TYPE = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;

/**
 * Defines a type of event. The catalog, the TypeScript types, the JSON Schema and the docs all come from this one place.
 *
 * Throws when the type is not `noun.verb`, when a user's event has no `user_id`, when the example is not valid,
 * and when the schema holds what JSON doesn't have, such as dates.
 */
export function defineEvent<const Type extends string, Schema extends z.ZodObject>(
  options: EventOptions<Type, Schema>,
): EventDefinition<Type, Schema> {
  const { type, audience, schema, example } = options;
  if (!TYPE.test(type)) throw new Error(`The event type "${type}" is not of the form noun.verb, in lower case.`);
  if (audience === 'user' && !('user_id' in schema.shape)) {
    throw new Error(`${type} goes to one user, so its schema needs the field user_id.`);
  }
  const checked = schema.safeParse(example);
  if (!checked.success) throw new Error(`The example of ${type} is not valid: ${z.prettifyError(checked.error)}`);
  try {
    z.toJSONSchema(schema);
  } catch (cause) {
    throw new Error(`The schema of ${type} can't be written as JSON Schema: ${String(cause)}`, { cause });
  }

  const create = (data: z.input<Schema>, { id, timestamp }: { id?: string; timestamp?: string } = {}) => ({
    type,
    data,
    ...(id === undefined ? {} : { id }),
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  return Object.assign(create, options);
}
