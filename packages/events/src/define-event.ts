import { z } from 'zod';
import { MAX_VERSION, type EventDraft } from './event.js';

/** Who may see an event: `everyone`, or the `owner` that a field of its data names. */
export type Audience = 'everyone' | 'owner';

interface EventOptions<Type extends string, Schema extends z.ZodObject, Version extends number | undefined> {
  /** `noun.verb`, in lower case: `sync.completed`. */
  type: Type;
  /** The version of the type that the definition describes. Default: none, events are of the default version when they are accepted. */
  version?: Version;
  /** Who may see the event. With `owner`, or its alias `user`, the schema must have the owner field. */
  audience: Audience | 'user';
  /** The field of `data` that names the owner: a top-level string that is required. Default `user_id`. */
  ownerField?: string;
  /** The schema of `data`. Use `z.strictObject`, so that a misspelt field is an error. */
  schema: Schema;
  /** What people call the event. */
  title?: string;
  /** One sentence that says when the event is published. */
  description: string;
  /** The name of the types that it is listed with. */
  group?: string;
  /** A valid payload, which is shown in the docs and in `/api/event-types`, and checked by a test. */
  example: z.output<Schema>;
}

/** An event type. Call it to create an event of the type: `syncCompleted({ user_id, … })`. */
export interface EventDefinition<
  Type extends string = string,
  Schema extends z.ZodObject = z.ZodObject,
  Version extends number | undefined = number | undefined,
> extends Readonly<EventOptions<Type, Schema, Version>> {
  /** Creates an event to publish. It is validated when it is published. */
  (data: z.input<Schema>, options?: { id?: string; timestamp?: string }): EventDraft<Type, z.input<Schema>, Version>;
}

const TYPE = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;

/** The field that names the owner, unless a definition says otherwise. */
const DEFAULT_OWNER_FIELD = 'user_id';

/** Returns the field by which a type names the owner of an event; null: everyone may see its events. */
export function ownerFieldOf({
  audience,
  ownerField = DEFAULT_OWNER_FIELD,
}: Pick<EventDefinition, 'audience' | 'ownerField'>): string | null {
  return audience === 'everyone' ? null : ownerField;
}

/**
 * Defines an event type. The catalog, the TypeScript types, the JSON Schema and the docs all come from the definition.
 *
 * Throws when the type is not `noun.verb`, when the version is not a whole number from 1 to 999,999,999, when the audience is `owner` and the
 * schema has no owner field, when the example is not valid, and when the schema has types that JSON does not have, such as dates.
 */
export function defineEvent<
  const Type extends string,
  Schema extends z.ZodObject,
  const Version extends number | undefined = undefined,
>(options: EventOptions<Type, Schema, Version>): EventDefinition<Type, Schema, Version> {
  const { type, version, schema, example } = options;
  if (!TYPE.test(type)) throw new Error(`The event type "${type}" is not of the form noun.verb, in lower case.`);
  if (version !== undefined && !(Number.isInteger(version) && version >= 1 && version <= MAX_VERSION)) {
    throw new Error(`The version of ${type} is ${String(version)}: it must be a whole number from 1 to ${String(MAX_VERSION)}.`);
  }
  const ownerField = ownerFieldOf(options);
  if (ownerField !== null && !(ownerField in schema.shape)) {
    throw new Error(`${type} has the audience owner, so its schema needs the field ${ownerField}.`);
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
    ...(options.version === undefined ? {} : { version: options.version }),
    data,
    ...(id === undefined ? {} : { id }),
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  return Object.assign(create, options);
}
