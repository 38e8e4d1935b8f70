import { EVENT_TYPE, isOfType } from './type-patterns.js';

/**
 * Maximum number of rows of each view of the log that a page with a filter looks at. A filter may select one row in a million,
 * and no index has its order: so a page may be empty, and names the row to continue behind. 10,000 events take 5 to 20 ms.
 */
export const LOOKED_AT = 10_000;

/** A view of the log is an SQL condition whose rows an index has in the order of the log. This one is all of it. */
export const EVERY = 'true';

/** Returns the two views that together are what an owner may see: the owner's events, and those for everyone. */
export const ownerViews = (owner: string): string[] => [`owner = ${owner}`, 'owner IS NULL'];

interface Page {
  order: 'asc' | 'desc';
  /** The parameter with the types that are selected, as `likePatterns` returns them; its value null: all, and the page looks at no other events. */
  types: string;
}

/**
 * Returns the common table expression `looked_at`: the `position` and `id` of the last event that a page looks at; nulls when it
 * looks at all events of the range.
 */
export function lookedAt(views: readonly string[], { order, types }: Page, range: string): string {
  const last = views.map(
    (view) =>
      `(SELECT position FROM events WHERE ${view} AND ${range} ORDER BY position ${order} OFFSET ${String(LOOKED_AT - 1)} LIMIT 1)`,
  );
  const nearest = order === 'asc' ? 'min' : 'max';
  return `looked_at AS MATERIALIZED (
    SELECT position, (SELECT id FROM events WHERE events.position = nearest.position) AS id
    FROM (SELECT CASE WHEN ${types}::text[] IS NOT NULL THEN (SELECT ${nearest}(position) FROM (${last.join(' UNION ALL ')}) AS last) END AS position)
      AS nearest
  )`;
}

/** Returns the query of the first rows of each view, up to the one that `looked_at` names. */
export function partsOf(
  views: readonly string[],
  { order, types, columns, limit }: Page & { columns: string; limit: string },
  range: string,
): string {
  const end =
    order === 'asc'
      ? `position <= coalesce((SELECT position FROM looked_at), ${String(Number.MAX_SAFE_INTEGER)})`
      : 'position >= coalesce((SELECT position FROM looked_at), 0)';
  return views
    .map(
      (view) => `(SELECT ${columns} FROM events
        WHERE ${view} AND ${range} AND ${end} AND ${isOfType(types, EVENT_TYPE)}
        ORDER BY events.position ${order} LIMIT ${limit})`,
    )
    .join(' UNION ALL ');
}
