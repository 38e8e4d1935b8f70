import { matches, shorten, systemCatalog, validateDrafts, type DraftType, type FieldError } from '@tidings/events';
import { defaultVersionOf, type EventType, type EventTypeVersion } from './event-type.js';
import type { ValidEvent } from './valid-event.js';

/** All event types as they were in one state. It never changes. */
export interface EventTypesSnapshot {
  /** Another one after each change of any type. */
  readonly state: string;
  /** Every type by its name, in the order of names; archived ones too. */
  readonly byName: ReadonlyMap<string, EventType>;
  /** Returns whether a pattern matches a type that is not archived, or names a version that is not. */
  knows: (pattern: string) => boolean;
  /** Returns whether a pattern matches a type that the log may have: also archived types and versions, and those of Tidings itself. */
  knowsLogged: (pattern: string) => boolean;
  /** A few names of types that are not archived, for messages: `a.b, c.d and 12 more`. */
  readonly someNames: string;
  /** Finds the version of a type, by default its default version. Returns what is wrong with the field `type` or `version` if there is none. */
  find: (name: unknown, version: unknown) => FoundVersion | FieldError;
  /**
   * Validates drafts. Throws one `InvalidEventError` with every wrong field of every draft.
   *
   * @param list the name of the list in the paths of wrong fields: `events` gives `events[3].data.user_id`; leave it out for a single draft
   */
  validate: (drafts: readonly unknown[], list?: string) => ValidEvent[];
}

/** A version of a type that is not archived. */
export interface FoundVersion {
  type: EventType;
  version: EventTypeVersion;
}

/** A version of a type, as drafts are checked against it. */
interface VersionOfType extends DraftType {
  version: number;
  isPreview: boolean;
  typeRevision: string;
}

/** How many types a message names. */
const NAMED = 10;

/** Makes a snapshot. */
export function createSnapshot(state: string, byName: ReadonlyMap<string, EventType>): EventTypesSnapshot {
  const types = [...byName.values()].filter(({ archivedAt }) => archivedAt === null);
  const more = types.length - NAMED;
  const someNames =
    types.length === 0
      ? 'there are none yet'
      : types
          .slice(0, NAMED)
          .map(({ name }) => name)
          .join(', ') + (more > 0 ? ` and ${String(more)} more` : '');
  const draftTypes = new Map<EventTypeVersion, VersionOfType>();

  const find: EventTypesSnapshot['find'] = (name, version) => {
    const type = typeof name === 'string' ? byName.get(name) : undefined;
    if (type?.archivedAt !== null) return { field: 'type', message: faultOfName(name, type) };
    const wanted = version === undefined ? defaultVersionOf(type) : type.versions.find((one) => one.version === version);
    return wanted === undefined ? { field: 'version', message: faultOfVersion(type) } : { type, version: wanted };
  };

  const findDraftType = (name: unknown, version: unknown): VersionOfType | FieldError => {
    const found = find(name, version);
    if ('field' in found) return found;
    const known = draftTypes.get(found.version) ?? toDraftType(found.type, found.version);
    draftTypes.set(found.version, known);
    return known;
  };

  const faultOfName = (name: unknown, type: EventType | undefined): string => {
    if (name === undefined) return `is missing: it must be an event type; the event types are ${someNames}`;
    if (typeof name !== 'string') return `must be an event type; the event types are ${someNames}`;
    if (type) return `"${shorten(name)}" is archived: its events are refused`;
    if (systemCatalog.isSystemType(name)) return `"${name}" is published by Tidings itself`;
    return `"${shorten(name)}" is no event type; the event types are ${someNames}`;
  };

  const isOf = (type: EventType, pattern: string, versions: readonly EventTypeVersion[]): boolean =>
    pattern.includes('@')
      ? versions.some(({ version }) => matches(pattern, type.name, { version, isPreview: false }))
      : matches(pattern, type.name);

  return {
    state,
    byName,
    someNames,
    knows: (pattern) => types.some((type) => isOf(type, pattern, type.versions)),
    knowsLogged: (pattern) =>
      systemCatalog.streamedTypes.some((type) => matches(pattern, type)) ||
      [...byName.values()].some((type) => isOf(type, pattern, type.allVersions)),
    find,
    validate: (drafts, list) =>
      validateDrafts(drafts, list, findDraftType).map(({ event, type: { version, isPreview, typeRevision } }) => ({
        ...event,
        version,
        isPreview,
        typeRevision,
      })),
  };
}

function faultOfVersion({ versions }: EventType): string {
  return `must be a version of the type: ${versions.map(({ version }) => String(version)).join(', ')}`;
}

function toDraftType(type: EventType, version: EventTypeVersion): VersionOfType {
  return {
    type: type.name,
    version: version.version,
    isPreview: version.version > type.defaultVersion,
    typeRevision: type.revision,
    ownerField: version.audience === 'owner' ? version.ownerField : null,
    checkData: (data) => ({ data, errors: version.compiled.validate(data) }),
  };
}
