import { z } from 'zod';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const LIMIT = `must be a whole number from 1 to ${String(MAX_LIMIT)}`;

/** The query parameters of a list: `?limit=&cursor=`. The cursor is the id of the last item that the caller has. */
export const page = {
  limit: z
    .string()
    .regex(/^\d{1,4}$/, LIMIT)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_LIMIT, LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, description: 'The most items of a page.' }),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be the next_cursor of an earlier page')
    .optional()
    .meta({ description: 'The `next_cursor` of the page before.' }),
};

/** What a list is answered with. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    data: z.array(item),
    next_cursor: z.string().nullable().describe('For the next page; null when this is the last one.'),
  });
}

/**
 * A page out of one row more than was asked for, which tells whether there is a next one.
 *
 * @param rows up to `limit + 1` rows
 */
export function toPage<Row extends { id: string }, Json>(rows: readonly Row[], limit: number, toJson: (row: Row) => Json) {
  const data = rows.slice(0, limit);
  return { data: data.map(toJson), next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}
