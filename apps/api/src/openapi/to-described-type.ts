import type { EventTypeDescription } from '@tidings/events';
import type { DescribedType } from './described-types.js';

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
