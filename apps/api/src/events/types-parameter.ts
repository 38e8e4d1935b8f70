import { z } from 'zod';
import { matches, type Catalog } from '@tidings/events';

/**
 * A query parameter of types with commas between, wildcards allowed: `sync.*,gaps.updated`. It becomes the list of
 * types that are meant; left out, undefined. What means no known type is a mistake that names the known ones.
 */
export function typesParameter({ types }: Pick<Catalog, 'types'>) {
  return z
    .string('must be given once, with commas between the types')
    .transform((text, context) => {
      const patterns = text.split(',').map((pattern) => pattern.trim());
      for (const pattern of patterns) {
        if (!types.some((type) => matches(pattern, type))) {
          context.addIssue({ code: 'custom', message: `"${pattern}" means no known type; known are ${types.join(', ')}` });
        }
      }
      return types.filter((type) => patterns.some((pattern) => matches(pattern, type)));
    })
    .optional();
}
