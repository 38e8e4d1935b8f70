import { z } from 'zod';
import type { EventTypes } from '@tidings/accept';
import { isPattern, shorten } from '@tidings/events';
import { countItems, MAX_ITEMS } from '../http/count-items.js';
import { listParameter } from '../http/list-parameter.js';

/** The event types by which input is checked, as they are at that time. */
export type KnownTypes = Pick<EventTypes, 'current'>;

/** The JSON Schema of a pattern: `*`, a type, its prefix and `.*`, or a version of a type. */
export const PATTERN = {
  pattern: String.raw`^(\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*|@[1-9][0-9]{0,8})?)$`,
} as const;

/**
 * Returns the schema of a query parameter of event types: names or patterns with commas between, such as
 * `sync.*,gaps.updated@2`, or the parameter repeated. The parsed value is the list of patterns; undefined if the parameter is
 * missing. A pattern that matches no event which the log may have is an error.
 */
export function typesParameter(types: KnownTypes) {
  const one = PATTERN.pattern.slice(1, -1);
  const list = z
    .custom<string[]>()
    .meta({ type: 'string', pattern: `^${one}(,${one})*$` })
    .superRefine((patterns, context) => {
      for (const pattern of patterns) {
        const message = faultOf(types, pattern);
        if (message !== null) context.addIssue({ code: 'custom', message });
      }
    });
  return listParameter(list);
}

/** Returns the same schema for a list in a body: `["sync.*", "gaps.updated@2"]`. */
export function typesList(types: KnownTypes) {
  const list = z
    .array(z.string().meta(PATTERN))
    .min(1, 'must hold at least one type; leave it out for all')
    .max(MAX_ITEMS)
    .superRefine((patterns, context) => {
      patterns.forEach((pattern, index) => {
        const message = faultOf(types, pattern);
        if (message !== null) context.addIssue({ code: 'custom', path: [index], message });
      });
    });
  return z.preprocess(countItems('types'), list);
}

function faultOf({ current }: KnownTypes, pattern: string): string | null {
  if (isPattern(pattern) && current.knowsLogged(pattern)) return null;
  return `"${shorten(pattern)}" matches no event type; the event types are ${current.someNames}`;
}
