import { z } from 'zod';
import { findPosition, listEvents, type LoggedEvent, type Queryable } from '@tidings/database';
import { CURSOR_RULE } from '../http/cursor.js';
import { MAX_PAGE_BYTES, page } from '../http/pages.js';
import { time } from '../http/time.js';
import { invalid } from '../problems/problem.js';
import { typesParameter, type KnownTypes } from './types-parameter.js';

/** Returns the schema of the query of a list of events. */
export function eventsQuery(eventTypes: KnownTypes) {
  return z.strictObject({
    ...page,
    types: typesParameter(eventTypes),
    since: time.optional().meta({ description: 'Only events that were accepted at this time or later.' }),
    until: time.optional().meta({ description: 'Only events that were accepted before this time.' }),
    order: z
      .enum(['asc', 'desc'], 'must be asc or desc')
      .default('asc')
      .meta({ description: '`asc`: oldest first; `desc`: newest first. A cursor may be used with both: it names an event.' }),
  });
}

/**
 * Reads a page of the log, as JSON text. Oldest first, the cursor stays the same while there are no new events; newest first, it
 * is null on the last page. A page of rare types, or of previews that it leaves out, may be short or empty before that, and one of
 * large events is short. Throws a 400 `Problem` if the cursor names no event that the owner may see.
 *
 * @param owner only events that this owner may see; null: all
 */
export async function eventsPage(
  sql: Queryable,
  owner: string | null,
  { limit, cursor: cursorId, types, since, until, order }: z.output<ReturnType<typeof eventsQuery>>,
  toJson: (event: LoggedEvent) => string,
): Promise<string> {
  const cursor = cursorId === undefined ? undefined : await findPosition(sql, owner, cursorId);
  if (cursor === null) throw invalid([{ field: 'cursor', message: CURSOR_RULE }]);
  const page = await listEvents(sql, {
    owner,
    limit: limit + 1,
    maxBytes: MAX_PAGE_BYTES,
    order,
    cursor,
    types,
    since,
    until,
  });
  const events = page.events.slice(0, limit);
  // Owners get previews by their version only. They are left out here and not in SQL: there may be any number of them in a row.
  const shown = owner === null || types !== undefined ? events : events.filter(({ isPreview }) => !isPreview);
  const last = events.at(-1)?.id ?? null;
  const isLast = page.events.length <= limit && page.lookedAt === null && !page.isFull;
  const next = page.lookedAt ?? (order === 'asc' ? (last ?? cursorId ?? null) : isLast ? null : last);
  return `{"data":[${shown.map(toJson).join(',')}],"next_cursor":${JSON.stringify(next)}}`;
}
