import type { EventTypeAudit, EventTypeChange } from '@tidings/database';
import type { EventType } from './event-type.js';
import { InvalidEventTypeError } from './invalid-event-type-error.js';
import { changedFields } from './plan-put.js';
import type { EventTypesSnapshot } from './snapshot.js';

/** A change that breaks no contract. */
export interface MarkPlan {
  /** The rows to write; null: the type is so already. */
  write: EventTypeChange | null;
}

/**
 * Plans the archiving of a type, or of one of its versions: its events are refused from then on, and stay in the log. Throws an
 * `InvalidEventTypeError` for the default version. Null: there is no such type or version.
 */
export function planArchive(
  snapshot: EventTypesSnapshot,
  name: string,
  { version, now }: { version?: number | undefined; now: Date },
): MarkPlan | null {
  const type = snapshot.byName.get(name);
  if (type === undefined) return null;
  if (version === undefined) {
    return mark(type, { archivedAt: type.archivedAt ?? now }, 'archived');
  }
  const archived = type.allVersions.find((one) => one.version === version);
  if (archived === undefined) return null;
  if (version === type.defaultVersion) {
    const message = 'is the default version: make another one the default first, or archive the type';
    throw new InvalidEventTypeError([{ field: 'version', message }]);
  }
  if (archived.archivedAt !== null) return { write: null };
  const details = { type: { to: name }, version: { to: version } };
  return {
    write: {
      types: [type],
      versions: [{ ...archived, archivedAt: now }],
      audit: [{ action: 'event_type.archived', details }],
    },
  };
}

/**
 * Plans the deprecation of a type, or its end. Throws an `InvalidEventTypeError` if `replacedBy` is no other type. Null: there is no
 * such type.
 */
export function planDeprecate(
  snapshot: EventTypesSnapshot,
  name: string,
  { isDeprecated, replacedBy, now }: { isDeprecated: boolean; replacedBy: string | null; now: Date },
): MarkPlan | null {
  const type = snapshot.byName.get(name);
  if (type === undefined) return null;
  if (replacedBy !== null && (replacedBy === name || !snapshot.byName.has(replacedBy))) {
    throw new InvalidEventTypeError([{ field: 'replaced_by', message: 'must be another event type' }]);
  }
  return isDeprecated
    ? mark(type, { deprecatedAt: type.deprecatedAt ?? now, replacedBy }, 'deprecated')
    : mark(type, { deprecatedAt: null, replacedBy: null }, 'undeprecated');
}

type Marked = Partial<Pick<EventType, 'archivedAt' | 'deprecatedAt' | 'replacedBy'>>;

function mark(type: EventType, marked: Marked, action: 'archived' | 'deprecated' | 'undeprecated'): MarkPlan {
  const row = { ...type, ...marked };
  const fields = changedFields(type, row);
  if (Object.keys(fields).length === 0) return { write: null };
  const audit: EventTypeAudit = { action: `event_type.${action}`, details: { type: { to: type.name }, ...fields } };
  return { write: { types: [row], versions: [], audit: [audit] } };
}
