import { z } from 'zod';
import { matches, shorten, type Catalog } from '@tidings/events';
import { countItems, MAX_ITEMS } from '../http/count-items.js';
import { listParameter } from '../http/list-parameter.js';

/**
 * Returns the schema of a query parameter of event types: names or patterns with commas between, such as
 * `sync.*,gaps.updated`, or the parameter repeated. The parsed value is the list of matching types; undefined if the parameter is
 * missing. A pattern without a match is an error that lists the types.
 */
export function typesParameter({ types }: Pick<Catalog, 'types'>) {
  const list = z
    .custom<string[]>()
    .meta({ type: 'string', pattern: listPattern(types) })
    .transform((patterns, context) => {
      for (const pattern of patterns) {
        if (!hasMatch(types, pattern)) context.addIssue({ code: 'custom', message: noMatch(types, pattern) });
      }
      return matchingTypes(types, patterns);
    });
  return listParameter(list);
}

/** Returns the same schema for a list in a body: `["sync.*", "gaps.updated"]`. */
export function typesList({ types }: Pick<Catalog, 'types'>) {
  const list = z
    .array(z.string().meta(patternSchema(types)))
    .min(1, 'must hold at least one type; leave it out for all')
    .max(MAX_ITEMS)
    .transform((patterns, context) => {
      patterns.forEach((pattern, index) => {
        if (!hasMatch(types, pattern)) context.addIssue({ code: 'custom', path: [index], message: noMatch(types, pattern) });
      });
      return matchingTypes(types, patterns);
    });
  return z.preprocess(countItems('types'), list);
}

/** The JSON Schema of a pattern that matches at least one of the types: a type, its prefix and `.*`, or `*`. */
export function patternSchema(types: readonly string[]) {
  return { pattern: `^(${alternatives(types)})$` };
}

/** The regular expression of such patterns with commas between. */
function listPattern(types: readonly string[]): string {
  return `^(${alternatives(types)})(,(${alternatives(types)}))*$`;
}

function alternatives(types: readonly string[]): string {
  const prefixes = types.flatMap((type) => [...type.matchAll(/\./g)].map(({ index }) => `${type.slice(0, index)}.*`));
  return ['*', ...new Set(prefixes), ...types].map((pattern) => pattern.replaceAll(/[.*]/g, '\\$&')).join('|');
}

const hasMatch = (types: readonly string[], pattern: string) => types.some((type) => matches(pattern, type));
const matchingTypes = (types: readonly string[], patterns: readonly string[]) =>
  types.filter((type) => patterns.some((pattern) => matches(pattern, type)));
const noMatch = (types: readonly string[], pattern: string) =>
  `"${shorten(pattern)}" matches no event type; the event types are ${types.join(', ')}`;
