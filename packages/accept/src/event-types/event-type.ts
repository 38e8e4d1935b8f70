import type { EventTypeVersionRow, StoredEventType } from '@tidings/database';
import { compileContract, type CompiledContract } from '@tidings/event-types';

/** An event type of the registry, with those of its versions that are not archived. */
export interface EventType extends Omit<StoredEventType, 'versions'> {
  /** In their order; the default version is always among them. */
  versions: readonly EventTypeVersion[];
  /** All versions, the archived ones too. */
  allVersions: readonly EventTypeVersion[];
}

/** A version of an event type, whose schema is compiled when it is first needed. */
export interface EventTypeVersion extends EventTypeVersionRow {
  /** Validates data. Compiled once for each version and process. */
  readonly compiled: CompiledContract;
}

/** Makes an event type of its rows. */
export function toEventType(row: StoredEventType): EventType {
  const allVersions = row.versions.map(toVersion);
  return { ...row, allVersions, versions: allVersions.filter(({ archivedAt }) => archivedAt === null) };
}

function toVersion(row: EventTypeVersionRow): EventTypeVersion {
  let compiled: CompiledContract | undefined;
  return {
    ...row,
    get compiled() {
      return (compiled ??= compileContract(row));
    },
  };
}

/** Returns the default version of a type. */
export function defaultVersionOf({ defaultVersion, allVersions }: EventType): EventTypeVersion {
  return allVersions.find(({ version }) => version === defaultVersion) as EventTypeVersion;
}
