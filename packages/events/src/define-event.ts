import { z } from 'zod';
import type { EventDraft } from './event.js';

/** Who may see an event: `everyone`, or the user (owner) that its data names in `user_id`. */
export type Audience = 'everyone' | 'user';

interface EventOptions<Type extends string, Schema extends z.ZodObject> {
  /** `noun.verb`, in lower case: `sync.completed`. */
  type: Type;
  /** Who may see the event. With `user`, the schema must have the field `user_id`. */
  audience: Audience;
  /** The schema of `data`. Use `z.strictObject`, so that a misspelt field is an error. */
  schema: Schema;
  /** One sentence that says when the event is published. */
  description: string;
  /** A valid payload, which is shown in the docs and in `/api/event-types`, and checked by a test. */
  example: z.output<Schema>;
}

/** An event type. Call it to create an event of the type: `syncCompleted({ user_id, … })`. */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> extends Readonly<
  EventOptions<Type, Schema>
> {
  /** Creates an event to publish. It is validated when it is published. */
  (data: z.input<Schema>, options?: { id?: string; timestamp?: string }): EventDraft<Type, z.input<Schema>>;
}

const TYPE = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;

/**
 * Defines an event type. The catalog, the TypeScript types, the JSON Schema and the docs all come from the definition.
 *
 * Throws when the type is not `noun.verb`, when the audience is `user` and the schema has no `user_id`, when the example is not
 * valid, and when the schema has types that JSON does not have, such as dates.
 */
export function defineEvent<const Type extends string, Schema extends z.ZodObject>(
  options: EventOptions<Type, Schema>,
): EventDefinition<Type, Schema> {
  const { type, audience, schema, example } = options;
  if (!TYPE.test(type)) throw new Error(`The event type "${type}" is not of the form noun.verb, in lower case.`);
  if (audience === 'user' && !('user_id' in schema.shape)) {
    throw new Error(`${type} has the audience user, so its schema needs the field user_id.`);
  }
  const checked = schema.safeParse(example);
  if (!checked.success) throw new Error(`The example of ${type} is not valid: ${z.prettifyError(checked.error)}`);
  try {
    z.toJSONSchema(schema);
  } catch (cause) {
    throw new Error(`The schema of ${type} cannot be written as JSON Schema: ${String(cause)}`, { cause });
  }

  const create = (data: z.input<Schema>, { id, timestamp }: { id?: string; timestamp?: string } = {}) => ({
    type,
    data,
    ...(id === undefined ? {} : { id }),
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  return Object.assign(create, options);
}
