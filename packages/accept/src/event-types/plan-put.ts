import type { EventTypeAudit, EventTypeChange } from '@tidings/database';
import { brokenBy, compareContracts, type Breaks, type ContractChange } from '@tidings/event-types';
import { isSameJson, type FieldError } from '@tidings/events';
import type { EventTypeInput } from './event-type-input.js';
import { defaultVersionOf, type EventType, type EventTypeVersion } from './event-type.js';
import { faultsOf } from './check-input.js';
import { InvalidEventTypeError } from './invalid-event-type-error.js';
import type { EventTypesSnapshot } from './snapshot.js';

/** What a change of an event type does. */
export interface PutPlan {
  /** Whether the type, or the version, is new. */
  creates: 'type' | 'version' | null;
  /** Whether another version than before becomes the default one. */
  becomesDefault: boolean;
  /** What differs from the contract of before: that of the same version, or, if it is new or becomes the default, of the default version. */
  changes: ContractChange[];
  /** Whom the change of an existing version breaks. Empty for a new version, and where only the default version changes. */
  breaks: Breaks[];
  /** The rows to write; null: the registry has all of it already. */
  write: EventTypeChange | null;
}

/**
 * Plans the writing of an event type. Throws an `InvalidEventTypeError` that names every wrong field. A plan that breaks somebody
 * must not be written.
 */
export function planPut(snapshot: EventTypesSnapshot, input: EventTypeInput): PutPlan {
  const type = snapshot.byName.get(input.name);
  const number = input.version ?? type?.defaultVersion ?? 1;
  const version = type?.allVersions.find((one) => one.version === number);
  const becomesDefault = type !== undefined && input.default === true && number !== type.defaultVersion;
  const write = writeOf(type, version, { ...input, number, becomesDefault });
  // It was checked when it was written: a file of thousands of types is written at each start.
  if (write === null) return { creates: null, becomesDefault, changes: [], breaks: [], write };
  const faults = [...faultsOf(input), ...faultsOfVersion(type, input)];
  if (faults.length > 0) throw new InvalidEventTypeError(faults);

  const inPlace = version === undefined ? [] : compareContracts(version, input);
  return {
    creates: type === undefined ? 'type' : version === undefined ? 'version' : null,
    becomesDefault,
    changes:
      type !== undefined && (becomesDefault || version === undefined) ? compareContracts(defaultVersionOf(type), input) : inPlace,
    breaks: brokenBy(inPlace),
    write: withContract(write, inPlace),
  };
}

function faultsOfVersion(type: EventType | undefined, { version, default: isDefault }: EventTypeInput): FieldError[] {
  if (type === undefined || version === undefined) return [];
  if (type.allVersions.some((one) => one.version === version)) return [];
  const next = 1 + Math.max(...type.allVersions.map((one) => one.version));
  if (version !== next) return [{ field: 'version', message: `must be a version of the type, or the next one, ${String(next)}` }];
  if (isDefault !== true) return [];
  return [
    {
      field: 'default',
      message: 'must be left out for a new version: a later request makes it the default one, once receivers know it',
    },
  ];
}

type Wanted = EventTypeInput & { number: number; becomesDefault: boolean };

function writeOf(type: EventType | undefined, version: EventTypeVersion | undefined, wanted: Wanted): EventTypeChange | null {
  const { name, title, description, group, audience, ownerField, unknownFields, schema, examples, number } = wanted;
  const typeRow = {
    name,
    title,
    description,
    group,
    defaultVersion: type === undefined || wanted.becomesDefault ? number : type.defaultVersion,
    deprecatedAt: type?.deprecatedAt ?? null,
    replacedBy: type?.replacedBy ?? null,
    archivedAt: null,
  };
  const versionRow = { type: name, version: number, audience, ownerField, unknownFields, schema, examples, archivedAt: null };
  const isSameVersion =
    version?.archivedAt === null &&
    isSameJson(JSON.stringify(contractAndExamples(version)), JSON.stringify(contractAndExamples(versionRow)));
  const fields = type === undefined ? {} : changedFields(type, typeRow);
  if (isSameVersion && Object.keys(fields).length === 0) return null;
  const action = type === undefined ? 'created' : type.archivedAt === null ? 'changed' : 'restored';
  const details: EventTypeAudit['details'] = {
    type: { to: name },
    ...fields,
    ...(isSameVersion ? {} : { version: { to: number } }),
  };
  return { types: [typeRow], versions: isSameVersion ? [] : [versionRow], audit: [{ action: `event_type.${action}`, details }] };
}

/** How many changes an entry of the audit log names. */
const MAX_AUDITED = 100;

/** Adds what changed in the contract to the entry of the audit log. */
function withContract(write: EventTypeChange, changes: readonly ContractChange[]): EventTypeChange {
  if (changes.length === 0) return write;
  const contract = { to: changes.slice(0, MAX_AUDITED).map(({ path, kind }) => `${kind} ${path}`) };
  return { ...write, audit: write.audit.map(({ action, details }) => ({ action, details: { ...details, contract } })) };
}

type Row = EventTypeChange['types'][number];

/** The fields of a type that differ, with their values before and after. */
export function changedFields(before: Row, after: Row): EventTypeAudit['details'] {
  const names = {
    title: 'title',
    description: 'description',
    group: 'group',
    defaultVersion: 'default_version',
    deprecatedAt: 'deprecated_at',
    replacedBy: 'replaced_by',
    archivedAt: 'archived_at',
  } as const;
  return Object.fromEntries(
    (Object.keys(names) as (keyof typeof names)[])
      .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map((field) => [names[field], { from: before[field], to: after[field] }]),
  );
}

function contractAndExamples({ audience, ownerField, unknownFields, schema, examples }: EventTypeChange['versions'][number]) {
  return { audience, ownerField, unknownFields, schema, examples };
}
