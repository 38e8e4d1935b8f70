import { z } from 'zod';
import { CURSOR_RULE, toCursor } from './cursor.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
/** A page ends with the item that makes it longer than this, in bytes: 1 MiB. Its last item may be as large as an event. */
export const MAX_PAGE_BYTES = 1_048_576;
const LIMIT = `must be a whole number from 1 to ${String(MAX_LIMIT)}`;

/** The query parameters of a list: `?limit=&cursor=`. `readCursor` returns the id in the cursor. */
export const page = {
  limit: z
    .string()
    .regex(/^\d{1,4}$/, LIMIT)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, description: 'The maximum number of items on a page.' }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,120}$/, CURSOR_RULE)
    .optional()
    .meta({ description: 'The `next_cursor` of the previous page.' }),
};

/** The response schema of a list of `item`: `{data, next_cursor}`, with the name of the item and `Page`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  const { id } = item.meta() ?? {};
  if (id === undefined) throw new Error('The items of a page have no name: give their schema an "id".');
  return z
    .strictObject({
      data: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .describe(
          'The cursor of the next page; null on the last page. A page before it may be short, or empty: then its items are large (a page ends at 1 MB), or a filter selects few of many items.',
        ),
    })
    .meta({ id: `${id}Page` });
}

/**
 * Builds the JSON of a page. Take one row more than the page holds: an extra row means that there is a next page.
 *
 * @param rows up to `limit + 1` rows
 * @param list the name of the list, for its cursors
 * @param lookedAt id of the row to continue behind where the read ended early, with a page that is not full; else null
 */
export function toPage<Row extends { id: string }, Json>(
  rows: readonly Row[],
  { list, limit, lookedAt = null }: { list: string; limit: number; lookedAt?: string | null },
  toJson: (row: Row) => Json,
) {
  const data = rows.slice(0, limit);
  const last = rows.length > limit ? (data.at(-1)?.id ?? null) : lookedAt;
  return { data: data.map(toJson), next_cursor: last === null ? null : toCursor(list, last) };
}
