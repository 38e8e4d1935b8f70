import { z } from 'zod';
import type { Contract } from '../contract.js';

/** The longest name of an event type, in characters. */
const MAX_TYPE_LENGTH = 100;

/** The types that only Tidings publishes begin with these. */
const RESERVED = ['webhook.', 'delivery.', 'stream.'];

const MAX_EXAMPLES = 20;
const MAX_VERSION = 999_999_999;

const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .refine((value) => !value.includes('\0'), 'must not hold NUL characters');

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
  version: z.int().min(1).max(MAX_VERSION).optional(),
  title: text(200).nullable().default(null),
  description: text(2000),
  group: text(100).nullable().default(null),
  audience: z.enum(['everyone', 'owner', 'user']).transform((audience) => (audience === 'user' ? 'owner' : audience)),
  owner_field: text(100).min(1).nullable().default(null),
  unknown_fields: z.enum(['refuse', 'keep']).default('refuse'),
  schema: z.record(z.string(), z.unknown()),
  examples: z.array(z.record(z.string(), z.unknown())).max(MAX_EXAMPLES).default([]),
});

/** One version of an event type, whose defaults are filled in. Without `version` it is the default version that the type has. */
export type Definition = z.output<typeof definitionJson>;

/** The field that names the owner, unless a definition says otherwise. */
const DEFAULT_OWNER_FIELD = 'user_id';

/** Returns what a definition promises to publishers and receivers. */
export function contractOf({ audience, owner_field, unknown_fields, schema }: Omit<Definition, 'type'>): Contract {
  return { audience, ownerField: owner_field ?? DEFAULT_OWNER_FIELD, unknownFields: unknown_fields, schema };
}
