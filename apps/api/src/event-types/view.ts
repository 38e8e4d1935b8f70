import { z } from 'zod';
import type { EventType, EventTypeVersion, PutPlan } from '@tidings/accept';
import type { WebhookOfType } from '@tidings/database';

/** A version of an event type in JSON. */
export const eventTypeJson = z
  .strictObject({
    type: z.string(),
    version: z.int().describe('The version that the schema and the other fields of a contract belong to.'),
    default_version: z.int().describe('The version of events that name none.'),
    versions: z.array(z.int()).describe('The versions that are not archived.'),
    archived_versions: z.array(z.int()),
    title: z.string().nullable(),
    description: z.string(),
    group: z.string().nullable(),
    audience: z
      .enum(['everyone', 'owner'])
      .describe('Who may see an event: everyone, or the owner that its data names in `owner_field`.'),
    owner_field: z.string().nullable().describe('The field of the data that names the owner; null: everyone may see the events.'),
    schema: z.looseObject({}).describe('JSON Schema, draft 2020-12.'),
    examples: z.array(z.looseObject({})),
    unknown_fields: z.enum(['refuse', 'keep']).describe('What becomes of fields that the schema does not name, at every depth.'),
    deprecated_at: z.date().nullable(),
    replaced_by: z.string().nullable().describe('The event type to use instead.'),
    archived_at: z.date().nullable().describe('Since when its events are refused. Logged events stay.'),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .meta({ id: 'EventType' });

/** Converts a version of an event type to JSON. */
export function eventTypeToJson(type: EventType, version: EventTypeVersion): z.output<typeof eventTypeJson> {
  return {
    type: type.name,
    version: version.version,
    default_version: type.defaultVersion,
    versions: type.versions.map((one) => one.version),
    archived_versions: type.allVersions.filter(({ archivedAt }) => archivedAt !== null).map((one) => one.version),
    title: type.title,
    description: type.description,
    group: type.group,
    audience: version.audience,
    owner_field: version.audience === 'owner' ? version.ownerField : null,
    schema: version.schema,
    examples: version.examples as Record<string, unknown>[],
    unknown_fields: version.unknownFields,
    deprecated_at: type.deprecatedAt,
    replaced_by: type.replacedBy,
    archived_at: type.archivedAt,
    created_at: type.createdAt,
    updated_at: type.updatedAt,
  };
}

const breaks = z.array(z.enum(['publishers', 'receivers'])).describe('Whom it breaks; empty: nobody.');
const changeJson = z
  .strictObject({
    path: z.string().describe('Where the change is, such as `data.items[].price`.'),
    kind: z.string().describe('What the change does, such as `field_required`.'),
    breaks,
    message: z.string(),
  })
  .meta({ id: 'ContractChange' });

/** The body of a dry run, in JSON: what a change of an event type would do. */
export const eventTypeChangesJson = z
  .strictObject({
    creates: z.enum(['type', 'version']).nullable(),
    becomes_default: z.boolean().describe('Whether another version becomes the default one.'),
    breaks,
    changes: z
      .array(changeJson)
      .describe(
        'The differences from the version as it is; of a new version, and of one that becomes the default one, from the default version.',
      ),
    webhooks: z
      .array(
        z
          .strictObject({ id: z.string(), owner: z.string(), event_types: z.array(z.string()) })
          .meta({ id: 'WebhookOfEventType' }),
      )
      .describe('Webhooks that get events of the type, at most 100.'),
    more_webhooks: z.boolean(),
  })
  .meta({ id: 'EventTypeChanges' });

/** How many webhooks a dry run names. */
export const MAX_WEBHOOKS_NAMED = 100;

/** Converts the plan of a change to JSON. */
export function planToJson(plan: PutPlan, webhooks: readonly WebhookOfType[]): z.output<typeof eventTypeChangesJson> {
  return {
    creates: plan.creates,
    becomes_default: plan.becomesDefault,
    breaks: plan.breaks,
    changes: plan.changes,
    webhooks: webhooks.slice(0, MAX_WEBHOOKS_NAMED).map(({ id, owner, eventTypes }) => ({ id, owner, event_types: eventTypes })),
    more_webhooks: webhooks.length > MAX_WEBHOOKS_NAMED,
  };
}
