import { z } from 'zod';
import { DEFAULT_OWNER_FIELD, type EventTypeInput } from '@tidings/accept';
import { MAX_VERSION } from '@tidings/events';

/** The maximum size of the body that writes an event type, in bytes: a schema of 64 KiB, and examples. */
export const MAX_EVENT_TYPE_BYTES = 262_144;
const MAX_EXAMPLES = 20;
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0'), 'must not hold NUL characters')
    .meta({ pattern: String.raw`^[^\x00]*$` });
const VERSION = `must be a whole number from 1 to ${String(MAX_VERSION)}`;

/** The body that writes an event type, or a version of one. */
export const newEventTypeJson = z
  .strictObject({
    title: text(200).nullable().default(null),
    description: text(2000),
    group: text(100).nullable().default(null),
    audience: z.enum(['everyone', 'owner', 'user'], 'must be everyone or owner').describe('`user` is an alias of `owner`.'),
    owner_field: text(100)
      .nullable()
      .default(DEFAULT_OWNER_FIELD)
      .describe('The field of the data that names the owner: a required string at the top.'),
    schema: z.unknown().meta({ type: 'object', description: 'JSON Schema of the data, draft 2020-12, at most 64 KiB.' }),
    examples: z
      .array(z.unknown().meta({ type: 'object' }))
      .max(MAX_EXAMPLES)
      .default([]),
    unknown_fields: z
      .enum(['refuse', 'keep'], 'must be refuse or keep')
      .default('refuse')
      .describe('What becomes of fields that the schema does not name, at every depth.'),
    version: z
      .int(VERSION)
      .min(1, VERSION)
      .max(MAX_VERSION, VERSION)
      .optional()
      .describe('The version to write: one that exists, or the next one. Default: the default version.'),
    default: z
      .boolean()
      .optional()
      .describe('Whether the version becomes the default one. A new version becomes it only by a later request.'),
  })
  .refine(({ schema }) => schema !== undefined, { path: ['schema'], message: 'is missing: it must be a JSON Schema' })
  .meta({ id: 'NewEventType' });

/** Returns the input that a validated body describes. */
export function toInput(name: string, body: z.output<typeof newEventTypeJson>): EventTypeInput {
  const { owner_field: ownerField, unknown_fields: unknownFields, audience, schema, version, ...rest } = body;
  return {
    ...rest,
    name,
    audience: audience === 'everyone' ? 'everyone' : 'owner',
    ownerField: ownerField ?? DEFAULT_OWNER_FIELD,
    unknownFields,
    schema: schema as EventTypeInput['schema'],
    version,
  };
}
