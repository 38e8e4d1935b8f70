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
        if (!isMeant(types, pattern)) context.addIssue({ code: 'custom', message: unknown(types, pattern) });
      }
      return typesMeant(types, patterns);
    })
    .optional();
}

/** The same as a list in a body: `["sync.*", "gaps.updated"]`. */
export function typesList({ types }: Pick<Catalog, 'types'>) {
  return z
    .array(z.string())
    .min(1, 'must hold at least one type; leave it out for all')
    .max(50)
    .transform((patterns, context) => {
      patterns.forEach((pattern, index) => {
        if (!isMeant(types, pattern)) context.addIssue({ code: 'custom', path: [index], message: unknown(types, pattern) });
      });
      return typesMeant(types, patterns);
    });
}

const isMeant = (types: readonly string[], pattern: string) => types.some((type) => matches(pattern, type));
const typesMeant = (types: readonly string[], patterns: readonly string[]) =>
  types.filter((type) => patterns.some((pattern) => matches(pattern, type)));
const unknown = (types: readonly string[], pattern: string) => `"${pattern}" means no known type; known are ${types.join(', ')}`;
