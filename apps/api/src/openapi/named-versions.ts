import { nameComponents, type ComponentNames } from './component-names.js';
import { versionsByType, type DescribedType } from './described-types.js';
import type { Pause } from './pause.js';

/** Who gets the events of a type. */
export type Use =
  /** Services publish them; webhooks and streams get them. */
  | 'published'
  /** Tidings sends them to webhooks. */
  | 'sent'
  /** Tidings sends them to streams. */
  | 'streamed';

/** The names of a version in a document. */
export interface VersionNames extends ComponentNames {
  /** Whether events may say their version: the type has several, or one that is not the default. */
  hasOthers: boolean;
}

/** A version of a type with its names. */
export interface NamedVersion {
  described: DescribedType;
  names: VersionNames;
  use: Use;
}

/**
 * Names the versions of all types. Types of Tidings itself are named first, so that no other type takes their names.
 *
 * @param reserved the names of other components of the document
 * @returns the versions: those that are published first, and each use in the given order
 */
export async function nameVersions(
  types: Readonly<Record<Use, readonly DescribedType[]>>,
  reserved: readonly string[],
  pause: Pause,
): Promise<NamedVersion[]> {
  const uses = ['streamed', 'sent', 'published'] as const;
  const all = uses.flatMap((use) => types[use].map((described) => ({ described, use })));
  const counts = new Map([...versionsByType(all.map(({ described }) => described))].map(([type, { length }]) => [type, length]));
  const names = await nameComponents(
    all.map(({ described }) => described),
    reserved,
    pause,
  );
  const named = all.map((version, index): NamedVersion => {
    const { type, isDefault } = version.described;
    return { ...version, names: { ...(names[index] as ComponentNames), hasOthers: !isDefault || counts.get(type) !== 1 } };
  });
  return (['published', 'sent', 'streamed'] as const).flatMap((use) => named.filter((version) => version.use === use));
}
