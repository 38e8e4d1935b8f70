import { eventDraft } from '@tidings/events';
import { SCHEMAS } from './contract-components.js';
import { describeVersion, type DescribedType } from './described-types.js';
import type { VersionNames } from './named-versions.js';
import type { JsonSchema } from './normalize-schema.js';

/** The component of the body of a request that publishes: one event, or a batch of events. */
export const NEW_EVENTS = 'NewEvents';
/** The component of an event of a batch. */
export const NEW_EVENT = 'NewEvent';
/** The component of a batch. */
export const NEW_EVENT_BATCH = 'NewEventBatch';

/** The fields of a new event that are the same for all types. */
export const newEventFields = eventDraft.pick({ id: true, timestamp: true });

/**
 * The schema of an event of the version, as services publish it. The default version is the one of an event that names none.
 *
 * @param fields the schemas of `newEventFields`
 */
export function newEvent(version: DescribedType, { newData, hasOthers }: VersionNames, fields: JsonSchema): JsonSchema {
  const number = { type: 'integer', enum: [version.version], format: 'int32' };
  return {
    type: 'object',
    required: ['type', ...(version.isDefault ? [] : ['version']), 'data'],
    description: describeVersion(version),
    ...(version.deprecatedAt !== null && { deprecated: true }),
    properties: {
      type: { type: 'string', enum: [version.type] },
      ...((hasOthers || !version.isDefault) && { version: number }),
      data: { $ref: SCHEMAS + newData },
      ...fields,
    },
    additionalProperties: false,
  };
}

/** The schema of an event while there are no event types: each is refused until there is its type. */
export function anyNewEvent(fields: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['type', 'data'],
    description: 'There are no event types yet, so every event is refused.',
    properties: { type: { type: 'string' }, data: { type: 'object', additionalProperties: true }, ...fields },
    additionalProperties: false,
  };
}

/** The schema of a batch of at most `maxEvents` events. */
export function newEventBatch(maxEvents: number | undefined): JsonSchema {
  return {
    type: 'object',
    required: ['events'],
    properties: { events: { minItems: 1, maxItems: maxEvents, type: 'array', items: { $ref: SCHEMAS + NEW_EVENT } } },
    additionalProperties: false,
  };
}
