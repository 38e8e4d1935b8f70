import { randomUUID } from 'node:crypto';
import type { Catalog, EventTypeDescription } from '@tidings/events';
import type { Describe, DescribedType } from './described-types.js';

/** Describes the types of a catalog, which do not change while the process runs. */
export function describeCatalog(catalog: Pick<Catalog, 'describe' | 'describeStreamed' | 'isSystemType'>): Describe {
  const described = {
    revision: randomUUID(),
    types: catalog.describe().map(toDescribedType),
    systemTypes: catalog
      .describeStreamed()
      .filter(({ type }) => catalog.isSystemType(type))
      .map(toDescribedType),
  };
  return () => Promise.resolve(described);
}

/** Describes a definition of code as the only version of its type. */
export function toDescribedType({ example, ...description }: EventTypeDescription): DescribedType {
  return {
    ...description,
    version: 1,
    examples: [example],
    unknownFields: 'refuse',
    isDefault: true,
    deprecatedAt: null,
    replacedBy: null,
  };
}
