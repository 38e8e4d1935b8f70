import { z } from 'zod';
import type { Contract } from '../contract.js';

/** The longest name of an event type, in characters. */
const MAX_TYPE_LENGTH = 100;

/** The types that only Tidings publishes begin with these. */
const RESERVED = ['webhook.', 'delivery.', 'stream.'];

/** An event type as a file defines it: the body of `PUT /api/event-types/{type}`, with the name of the type. */
export const definitionJson = z.strictObject({
  type: z
    .string()
    .max(MAX_TYPE_LENGTH)
    .regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/, 'must be of the form noun.verb, in lower case')
    .refine(
      (type) => !RESERVED.some((prefix) => type.startsWith(prefix)),
      `is reserved: types that begin with ${RESERVED.join(', ')} are published by Tidings itself`,
    ),
  version: z.int().min(1).optional(),
  title: z.string().nullable().default(null),
  description: z.string(),
  group: z.string().nullable().default(null),
  audience: z.enum(['everyone', 'owner', 'user']).transform((audience) => (audience === 'user' ? 'owner' : audience)),
  owner_field: z.string().min(1).nullable().default(null),
  unknown_fields: z.enum(['refuse', 'keep']).default('refuse'),
  schema: z.record(z.string(), z.unknown()),
  examples: z.array(z.record(z.string(), z.unknown())).default([]),
});

/** One version of an event type, whose defaults are filled in. Without `version` it is the default version that the type has. */
export type Definition = z.output<typeof definitionJson>;

/** The field that names the owner, unless a definition says otherwise. */
const DEFAULT_OWNER_FIELD = 'user_id';

/** Returns what a definition promises to publishers and receivers. */
export function contractOf({ audience, owner_field, unknown_fields, schema }: Omit<Definition, 'type'>): Contract {
  return { audience, ownerField: owner_field ?? DEFAULT_OWNER_FIELD, unknownFields: unknown_fields, schema };
}
