import type { EventType, EventTypes, EventTypesSnapshot } from '@tidings/accept';
import { describeEventType, systemEvents } from '@tidings/events';
import type { Describe, DescribedType, DescribedTypes } from './described-types.js';
import { toDescribedType } from './to-described-type.js';

const systemTypes = systemEvents.map((definition) => toDescribedType(describeEventType(definition)));

/**
 * Describes the event types as they are at each call: the oldest first, in all versions that are not archived. While the database is not
 * available, as this process has read them last; rejects if it has never.
 */
export function createDescribe(eventTypes: Pick<EventTypes, 'current' | 'refresh'>): Describe {
  let described: { snapshot: EventTypesSnapshot; types: DescribedTypes } | undefined;
  return async () => {
    const snapshot = await eventTypes.refresh().catch((error: unknown) => {
      if (eventTypes.current.state === '') throw error;
      return eventTypes.current;
    });
    if (described?.snapshot !== snapshot) described = { snapshot, types: describe(snapshot) };
    return described.types;
  };
}

function describe({ state, byName }: EventTypesSnapshot): DescribedTypes {
  const types = [...byName.values()].filter(({ archivedAt }) => archivedAt === null);
  types.sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
  return { revision: state, types: types.flatMap(versionsOf), systemTypes };
}

function versionsOf({ name, title, description, group, defaultVersion, deprecatedAt, replacedBy, versions }: EventType): DescribedType[] {
  return versions.map(({ version, audience, ownerField, schema, examples, unknownFields }) => ({
    type: name,
    version,
    title,
    description,
    group,
    audience,
    ownerField: audience === 'owner' ? ownerField : null,
    schema,
    examples,
    unknownFields,
    isDefault: version === defaultVersion,
    deprecatedAt,
    replacedBy,
  }));
}
