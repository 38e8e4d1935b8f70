import { versionsByType, type DescribedType } from './described-types.js';
import type { Pause } from './pause.js';

/** The names in a document of the components of one version of an event type. */
export interface ComponentNames {
  /** The schema of `data`, as receivers get it: `SyncCompletedData`, and of version 2 `SyncCompletedV2Data`. */
  data: string;
  /** The body of a request to a webhook. */
  event: string;
  /** The schema of `data`, as publishers send it. */
  newData: string;
  /** The body with which it is published. */
  newEvent: string;
  /** The name of the operation of its webhook. */
  operationId: string;
  /** The body of a request to a webhook, of any version. All versions of a type have the same name. */
  anyEvent: string;
  /** The body with which it is published in any version. */
  newAnyEvent: string;
}

/**
 * Names the components of event types. No two names are the same, not even when upper and lower case count as one, as they do in
 * the files of generated clients. A name depends on the types before it in the list only, and on no later version of these types.
 *
 * @param reserved the names of other components of the document
 * @returns the names of each version, in the order of the list
 */
export async function nameComponents(
  types: readonly Pick<DescribedType, 'type' | 'version'>[],
  reserved: readonly string[],
  pause: Pause,
): Promise<ComponentNames[]> {
  const taken = new Set(reserved.map((name) => name.toLowerCase()));
  /** Returns the first of `wanted`, `wanted2`, `wanted3` … whose names are all free, and takes them. */
  const claim = (wanted: string, namesOf: (stem: string) => readonly string[]): string => {
    for (let count = 1; ; count += 1) {
      const stem = count === 1 ? wanted : `${wanted}${String(count)}`;
      const names = namesOf(stem).map((name) => name.toLowerCase());
      if (names.some((name) => taken.has(name))) continue;
      for (const name of names) taken.add(name);
      return stem;
    }
  };

  // First the types, then their later versions: a new version of an old type renames no other type.
  const stemByType = new Map<string, string>();
  for (const type of versionsByType(types).keys()) {
    const stem = claim(pascalCase(type), (wanted) => [
      ...Object.values(namesOfVersion(wanted)),
      ...Object.values(namesOfType(wanted)),
    ]);
    stemByType.set(type, stem);
    await pause();
  }
  const names: ComponentNames[] = [];
  for (const { type, version } of types) {
    const ofType = stemByType.get(type) ?? '';
    const stem =
      version === 1 ? ofType : claim(`${ofType}V${String(version)}`, (wanted) => Object.values(namesOfVersion(wanted)));
    names.push({ ...namesOfVersion(stem), ...namesOfType(ofType) });
    await pause();
  }
  return names;
}

const namesOfVersion = (stem: string) => ({
  data: `${stem}Data`,
  event: `${stem}Event`,
  newData: `New${stem}Data`,
  newEvent: `New${stem}Event`,
  operationId: `receive${stem}`,
});
const namesOfType = (stem: string) => ({ anyEvent: `Any${stem}Event`, newAnyEvent: `NewAny${stem}Event` });

/** The name of an event type in generated clients: `SyncCompleted`. It has no `_`, which separates the names of definitions. */
function pascalCase(type: string): string {
  return type
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
