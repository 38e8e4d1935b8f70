import type { JsonSchema } from '@tidings/event-types';

/** A version of an event type, as the documents describe it. */
export interface DescribedType {
  type: string;
  version: number;
  title: string | null;
  description: string;
  group: string | null;
  audience: 'everyone' | 'owner';
  /** The field of the data that names the owner; null: everyone may see the events. */
  ownerField: string | null;
  /** The JSON Schema of the data, draft 2020-12, as `checkSchema` of `@tidings/event-types` allows it. */
  schema: JsonSchema;
  examples: readonly unknown[];
  /** What becomes of fields that the schema does not name. */
  unknownFields: 'refuse' | 'keep';
  /** Whether an event that names no version has this one. One version of each type is the default. */
  isDefault: boolean;
  /** Since when the type is deprecated; null: it is not. */
  deprecatedAt: Date | null;
  /** The type that publishers should use instead; null: none is named. */
  replacedBy: string | null;
}

/** The event types at one moment. */
export interface DescribedTypes {
  /** Another one after each change of a type. */
  revision: string;
  /**
   * The types that services publish, each version that is not archived. Names of components that two types would have go to the
   * first: the oldest type comes first, so that a new one renames none.
   */
  types: readonly DescribedType[];
  /** The types that only Tidings publishes, and streams get. */
  systemTypes: readonly DescribedType[];
}

/** Reads the event types as they are now. It is called for each request of a document. */
export type Describe = () => Promise<DescribedTypes>;

/** Returns how patterns name a version: `sync.completed`, and `sync.completed@2` for one that is not the default. */
export function versionedName({ type, version, isDefault }: Pick<DescribedType, 'type' | 'version' | 'isDefault'>): string {
  return isDefault ? type : `${type}@${String(version)}`;
}

/** Returns the description of a version, which says whether the type is deprecated. */
export function describeVersion({ description, deprecatedAt, replacedBy }: DescribedType): string {
  if (deprecatedAt === null) return description;
  const since = `Deprecated since ${deprecatedAt.toISOString().slice(0, 10)}`;
  return `${description} ${replacedBy === null ? since : `${since}: use \`${replacedBy}\``}.`.trimStart();
}

/** Lists the types, each with its versions, in the order in which they are first named. */
export function versionsByType<Version extends Pick<DescribedType, 'type'>>(
  versions: readonly Version[],
): Map<string, Version[]> {
  const byType = new Map<string, Version[]>();
  for (const version of versions) {
    const others = byType.get(version.type);
    if (others === undefined) byType.set(version.type, [version]);
    else others.push(version);
  }
  return byType;
}
