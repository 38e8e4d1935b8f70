import type { paths } from '@tidings/client';
import type { Contract } from '@tidings/event-types';
import { z } from 'zod';

/** An event type as a file defines it: the fields of the API's event types, with `examples` and `unknown_fields`. */
export const definitionJson = z.strictObject({
  type: z.string().regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'must be of the form noun.verb, in lower case'),
  title: z.string().nullable().default(null),
  description: z.string(),
  group: z.string().nullable().default(null),
  audience: z.enum(['everyone', 'owner', 'user']).transform((audience) => (audience === 'user' ? 'owner' : audience)),
  owner_field: z.string().min(1).nullable().default(null),
  unknown_fields: z.enum(['refuse', 'keep']).default('refuse'),
  schema: z.record(z.string(), z.unknown()),
  examples: z.array(z.record(z.string(), z.unknown())).default([]),
});

/** A definition whose defaults are filled in. */
export type Definition = z.output<typeof definitionJson>;

/** An event type in the API's list. */
type ServedType = paths['/api/event-types']['get']['responses']['200']['content']['application/json']['data'][number];

/** Returns the definition of a type that the API serves. */
export function definitionOf({ example, ...served }: ServedType): Definition {
  return { ...served, unknown_fields: 'refuse', examples: [example] };
}

/** The field that names the owner, unless a definition says otherwise. */
const DEFAULT_OWNER_FIELD = 'user_id';

/** Returns what a definition promises to publishers and receivers. */
export function contractOf({ audience, owner_field, unknown_fields, schema }: Definition): Contract {
  return { audience, ownerField: owner_field ?? DEFAULT_OWNER_FIELD, unknownFields: unknown_fields, schema };
}
