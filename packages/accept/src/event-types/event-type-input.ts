import type { EventTypeDescription } from '@tidings/events';

/** An event type as somebody writes it: the body of `PUT /api/event-types/{type}`, or a definition of code or a file. */
export interface EventTypeInput {
  /** `noun.verb`, of any depth. */
  name: string;
  title: string | null;
  description: string;
  group: string | null;
  audience: 'everyone' | 'owner';
  /** The field of the data that names the owner. */
  ownerField: string;
  unknownFields: 'refuse' | 'keep';
  /** JSON Schema, draft 2020-12; it is checked. */
  schema: Readonly<Record<string, unknown>>;
  examples: readonly unknown[];
  /** The version that it describes. Default: the default version of the type; of a new type, 1. */
  version?: number | undefined;
  /** Whether the version becomes the default one. Default false; a new type's version is the default one at once. */
  default?: boolean | undefined;
}

/** The field that names the owner, unless a type says otherwise. */
export const DEFAULT_OWNER_FIELD = 'user_id';

/** Returns the input that writes a described type. */
export function inputOf({ type, example, ownerField, ...description }: EventTypeDescription): EventTypeInput {
  return {
    ...description,
    name: type,
    ownerField: ownerField ?? DEFAULT_OWNER_FIELD,
    unknownFields: 'refuse',
    examples: [example],
  };
}
