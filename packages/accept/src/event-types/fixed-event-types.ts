import { NO_EVENT_TYPES_YET } from '@tidings/database';
import type { EventTypeInput } from './event-type-input.js';
import { toEventType } from './event-type.js';
import type { EventTypes } from './event-types.js';
import { planPut } from './plan-put.js';
import { createSnapshot } from './snapshot.js';

/** Creates event types that do not change and are in no database, for tests. */
export function fixedEventTypes(inputs: readonly EventTypeInput[]): EventTypes {
  const empty = createSnapshot(NO_EVENT_TYPES_YET, new Map());
  const at = new Date(0);
  const types = inputs.map((input) => {
    const { types, versions } = planPut(empty, input).write ?? { types: [], versions: [] };
    const [type] = types as [(typeof types)[number]];
    return toEventType({
      ...type,
      createdAt: at,
      updatedAt: at,
      revision: NO_EVENT_TYPES_YET,
      versions: versions.map((version) => ({ ...version, createdAt: at })),
    });
  });
  const current = createSnapshot('fixed', new Map(types.map((type) => [type.name, type])));
  return {
    current,
    refresh: () => Promise.resolve(current),
    withValidEvents: async (drafts, list, use) => use(current.validate(drafts, list)),
  };
}
