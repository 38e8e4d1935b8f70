import { createHash } from 'node:crypto';
import { invalid } from '../problems/problem.js';

/** The error of a `cursor` that is none of its list. */
export const CURSOR_RULE = 'must be the next_cursor of an earlier page of this list';

/**
 * Returns the cursor of the page behind the item with this id: the id, and a checksum of it and of its list, so that a cursor of
 * another list is refused. It protects from mistakes, not from forgery: the queries of a list name the owner.
 *
 * @param list the name of the list, such as `deliveries of wh_…`; of parts that a caller may choose, such as filters, it has none
 */
export function toCursor(list: string, id: string): string {
  return `${id}.${checksum(list, id)}`;
}

/** Returns the id in a cursor; undefined without one. Throws a 400 for a text that is no cursor of this list. */
export function readCursor(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const id = cursor.slice(0, Math.max(0, cursor.lastIndexOf('.')));
  if (cursor !== toCursor(list, id)) throw invalid([{ field: 'cursor', message: CURSOR_RULE }]);
  return id;
}

function checksum(list: string, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([list, id]))
    .digest('base64url')
    .slice(0, 10);
}
