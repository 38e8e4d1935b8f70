import type { Queryable } from '../database.js';
import { EVERY, lookedAt, ownerViews, partsOf } from './looked-at.js';
import {
  COLUMNS,
  isFullOf,
  OPERATOR_COLUMNS,
  pageOf,
  STORED,
  toEvent,
  type LoggedEvent,
  type LoggedEventRow,
} from './read-events.js';
import { likePatterns } from './type-patterns.js';

/** Selects events of the log. A field that is undefined selects all. */
export interface EventFilter {
  /** The events that this owner may see; null: all. */
  owner: string | null;
  limit: number;
  /** The page ends with the event whose data makes it this long, in bytes, because events may be large. */
  maxBytes: number;
  /** `asc`: oldest first, in the order of the log; `desc`: newest first. */
  order: 'asc' | 'desc';
  /** Position of the event that an earlier page ended with, in this order. */
  cursor?: number | undefined;
  /** Only events of types that one of these patterns matches. */
  types?: readonly string[] | undefined;
  /** Only events accepted at this time or later. */
  since?: Date | undefined;
  /** Only events accepted before this time. */
  until?: Date | undefined;
}

/** A page of events. */
export interface EventPage {
  events: LoggedEvent[];
  /** Whether it ends where it is as long as it may be, in bytes: there may be more events behind it. */
  isFull: boolean;
  /** Id of the last event that the page looked at, where it looked at more than it holds and not to the end; else null. */
  lookedAt: string | null;
}

const RANGE = `position > $1 AND position < $2`;
const ACCEPTED = `accepted_at >= coalesce($6::timestamptz, '-infinity') AND accepted_at < coalesce($7::timestamptz, 'infinity')`;

/**
 * Reads a page of the log: of some types, among at most `LOOKED_AT` events of the owner and as many for everyone. The two bounds
 * of time leave the partitions of other times out; within a partition, an index has the order of the log. Where a bound lies in
 * that order is found first, since events follow each other by the clock as well.
 */
export async function listEvents(sql: Queryable, filter: EventFilter): Promise<EventPage> {
  const { owner, limit, maxBytes, order, cursor, types, since, until } = filter;
  const [first, end] = await Promise.all([findTime(sql, since), findTime(sql, until)]);
  const after = Math.max(first === null ? 0 : first - 1, order === 'asc' ? (cursor ?? 0) : 0);
  const before = Math.min(end ?? NO_BOUND, order === 'desc' ? (cursor ?? NO_BOUND) : NO_BOUND);
  const views = owner === null ? [EVERY] : ownerViews('$8');
  const from = partsOf(views, { order, columns: STORED, types: '$5', limit: '$3' }, `${RANGE} AND ${ACCEPTED}`);
  const page = pageOf(from, { order, columns: owner === null ? OPERATOR_COLUMNS : COLUMNS });
  const { rows } = await sql.query<{ lookedAt: string | null } & (LoggedEventRow | { id: null })>({
    name: `list_${owner === null ? 'all' : 'owner'}_events_${order}`,
    text: `
      WITH ${lookedAt(views, { order, types: '$5' }, RANGE)}
      SELECT looked_at.id AS "lookedAt", page.* FROM looked_at
      LEFT JOIN (${page}) AS page ON true ORDER BY page.position ${order}`,
    values: [after, before, limit, maxBytes, likePatterns(types), since, until, ...(owner === null ? [] : [owner])],
  });
  const events = rows.filter((row): row is { lookedAt: string | null } & LoggedEventRow => row.id !== null).map(toEvent);
  const isFull = isFullOf(events, maxBytes);
  return { events, isFull, lookedAt: events.length < limit && !isFull ? (rows[0]?.lookedAt ?? null) : null };
}

const NO_BOUND = Number.MAX_SAFE_INTEGER;

/**
 * Finds the position of the first event that was accepted at a time or later, or the position behind the end of the log: by
 * halves, since there is no index of the times, in some twenty look-ups for a year's log. Null without a time.
 */
async function findTime(sql: Queryable, time: Date | undefined): Promise<number | null> {
  if (time === undefined) return null;
  const { rows } = await sql.query<{ position: string }>({
    name: 'find_time',
    text: `
      WITH RECURSIVE search (low, high) AS (
        SELECT coalesce(min(position), 0), coalesce(max(position), -1) + 1 FROM (
          (SELECT position FROM events ORDER BY position LIMIT 1) UNION ALL (SELECT position FROM events ORDER BY position DESC LIMIT 1)
        ) AS ends
        UNION ALL
        SELECT CASE WHEN probe.accepted_at < $1 THEN probe.position + 1 ELSE low END,
          CASE WHEN probe.accepted_at < $1 THEN high ELSE (low + high) / 2 END
        FROM search CROSS JOIN LATERAL (
          SELECT position, accepted_at FROM events WHERE position >= (low + high) / 2 ORDER BY position LIMIT 1
        ) AS probe
        WHERE low < high
      )
      SELECT max(low) AS position FROM search`,
    values: [time],
  });
  return Number(rows[0]?.position ?? 0);
}
