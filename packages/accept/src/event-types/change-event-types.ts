import { writeEventTypes, type Actor, type EventTypeChange, type Queryable } from '@tidings/database';
import type { EventTypes } from './event-types.js';
import type { EventTypesSnapshot } from './snapshot.js';

/**
 * Changes event types: `decide` returns what to write, by the newest snapshot, and is called again if another change came first. So a
 * change is written only in the state by which it was decided. Returns what it decided last; null, or `write: null`: nothing is written.
 */
export type ChangeEventTypes = <Plan extends { write: EventTypeChange | null } | null>(
  decide: (snapshot: EventTypesSnapshot) => Plan,
  actor: Actor | null,
) => Promise<Plan>;

/** Creates the function that changes event types. The process that changes a type knows the change when it resolves. */
export function createChangeEventTypes(sql: Queryable, eventTypes: Pick<EventTypes, 'refresh'>): ChangeEventTypes {
  return async (decide, actor) => {
    for (;;) {
      const snapshot = await eventTypes.refresh();
      const plan = decide(snapshot);
      if (plan === null || plan.write === null) return plan;
      if (await writeEventTypes(sql, snapshot.state, withoutMore(plan.write), actor)) {
        await eventTypes.refresh();
        return plan;
      }
    }
  };
}

/** Leaves out what a row has besides its columns, such as the versions of a type. */
function withoutMore({ types, versions, audit }: EventTypeChange): EventTypeChange {
  return {
    types: types.map(({ name, title, description, group, defaultVersion, deprecatedAt, replacedBy, archivedAt }) => ({
      name,
      title,
      description,
      group,
      defaultVersion,
      deprecatedAt,
      replacedBy,
      archivedAt,
    })),
    versions: versions.map(({ type, version, audience, ownerField, unknownFields, schema, examples, archivedAt }) => ({
      type,
      version,
      audience,
      ownerField,
      unknownFields,
      schema,
      examples,
      archivedAt,
    })),
    audit,
  };
}
