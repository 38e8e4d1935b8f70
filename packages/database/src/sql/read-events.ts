import type { Queryable } from '../database.js';
import { EVERY, lookedAt, ownerViews, partsOf } from './looked-at.js';
import { likePatterns } from './type-patterns.js';

/** An event of the log. */
export interface LoggedEvent {
  id: string;
  /** The event's place in the log. */
  position: number;
  type: string;
  /** The version of its type. */
  version: number;
  /** Whether this version was above the default one when it was accepted: it is for those who name it. */
  isPreview: boolean;
  /** The owner who may see the event; null: everyone. */
  owner: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  timestamp: string;
  /** The payload: exactly the JSON text that was accepted. */
  data: string;
  /** Who published it over HTTP, for operators only; null: it came from the queue, an outbox or Tidings itself. Absent in owners' views. */
  publishedBy?: string | null;
}

/** The columns of an event as the driver returns them. */
export interface LoggedEventRow {
  id: string;
  position: string;
  type: string;
  version: number;
  isPreview: boolean;
  owner: string | null;
  timestamp: string;
  data: string;
  publishedBy?: string | null;
}

/** The columns of table `events` from which those of an event are made. `data` is as it is stored: a large one is not read yet. */
export const STORED = 'id, position, type, version, is_preview, owner, data, timestamp, published_by';
/** The columns of {@link LoggedEventRow}, from those of {@link STORED}. */
export const COLUMNS = `id, position, type, version, is_preview AS "isPreview", owner, data::text AS data,
  to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp`;
/** The same, for operators. */
export const OPERATOR_COLUMNS = `${COLUMNS}, published_by AS "publishedBy"`;

/** Converts the columns to an event. */
export const toEvent = ({ position, publishedBy, ...row }: LoggedEventRow): LoggedEvent => ({
  id: row.id,
  position: Number(position),
  type: row.type,
  version: row.version,
  isPreview: row.isPreview,
  owner: row.owner,
  timestamp: row.timestamp,
  data: row.data,
  ...(publishedBy !== undefined && { publishedBy }),
});

/** A range of the log. */
export interface LogRange {
  /** Only events after this position. */
  after: number;
  /** Only events up to this position. Default: to the end of the log. */
  until?: number;
  /** Only events of types that one of these patterns matches. Default: null, all events. */
  types?: readonly string[] | null;
  /** Maximum number of events. */
  limit: number;
  /** The page ends with the event whose data makes it this long, in bytes, because events may be large. Default: no bound. */
  maxBytes?: number;
}

/** A page of the log. */
export interface LogPage {
  events: LoggedEvent[];
  /** The position to continue after; null: the range had no further events when it was read. */
  next: number | null;
}

/** The place of an event in the log. */
export type LogPlace = Pick<LoggedEvent, 'position' | 'id'>;

/** A page of the log for a reader that remembers events. */
export interface FollowedPage extends LogPage {
  /** Whether the log was put back behind a remembered event: positions up to it may hold events that the reader never saw. */
  isPutBack: boolean;
}

/** Reads the events of all owners, in the order of the log: of some types, among at most {@link LOOKED_AT} events. */
export async function readEvents(sql: Queryable, range: LogRange): Promise<LogPage> {
  return page(sql, range, { name: 'read_events', views: [EVERY], values: [] });
}

/**
 * Reads the events of all owners after a position, and checks in the same snapshot that the log still has the remembered
 * events: PostgreSQL may have failed over to a replica without the newest commits, or was restored from a backup.
 *
 * The log was put back when it lacks one of them and has an event at or below its position. When it has none there, a dropped
 * period took the event along with all before it, and the reader misses nothing.
 */
export async function followEvents(
  sql: Queryable,
  remembered: readonly LogPlace[],
  { after, limit, maxBytes = NO_BOUND }: Pick<LogRange, 'after' | 'limit' | 'maxBytes'>,
): Promise<FollowedPage> {
  type Check = Pick<FollowedPage, 'isPutBack'>;
  const { rows } = await sql.query<Check & (LoggedEventRow | { id: null })>({
    name: 'follow_events',
    text: `
      SELECT checked.*, page.* FROM (
        SELECT EXISTS (
          SELECT FROM unnest($5::bigint[], $6::text[]) AS remembered (position, id)
          WHERE NOT EXISTS (SELECT FROM events WHERE events.position = remembered.position AND events.id = remembered.id)
            AND EXISTS (SELECT FROM events WHERE events.position <= remembered.position)
        ) AS "isPutBack"
      ) AS checked LEFT JOIN (${pageOf(`SELECT ${STORED} FROM events WHERE position > $1 AND position <= $2 ORDER BY events.position LIMIT $3`, { order: 'asc', columns: COLUMNS })}) AS page ON true ORDER BY position`,
    values: [after, NO_BOUND, limit, maxBytes, remembered.map(({ position }) => position), remembered.map(({ id }) => id)],
  });
  const events = rows.filter((row): row is Check & LoggedEventRow => row.id !== null);
  return { ...toPage(events, { limit, maxBytes, lookedAt: null }), isPutBack: rows[0]?.isPutBack ?? false };
}

/**
 * Reads the events that one owner may see, in the order of the log: those for everyone, and the owner's; of some types, among at
 * most {@link LOOKED_AT} of each. It merges two ordered index scans, neither of which reads another owner's rows.
 */
export async function readOwnerEvents(sql: Queryable, owner: string, range: LogRange): Promise<LogPage> {
  return page(sql, range, { name: 'read_owner_events', views: ownerViews('$6'), values: [owner] });
}

const NO_BOUND = Number.MAX_SAFE_INTEGER;

/** The bytes that a value takes before it is compressed are no fewer than those that it takes in its table, but for its header. */
const STORED_BYTES = 'pg_column_size(data) - 4';
const BYTES = 'octet_length(data::text)';

/**
 * Returns the statement of a page: the first `$3` rows of a query of the columns {@link STORED}, up to the one with which the data
 * reaches `$4` bytes. The size in the table is compared first, for which no large data has to be read.
 */
export function pageOf(from: string, { order, columns }: { order: 'asc' | 'desc'; columns: string }): string {
  const before = (bytes: string): string => `sum(${bytes}) OVER (ORDER BY position ${order}) - (${bytes})`;
  return `
  SELECT ${columns} FROM (
    SELECT near.*, ${before(BYTES)} AS bytes_before FROM (
      SELECT found.*, ${before(STORED_BYTES)} AS stored_before
      FROM (SELECT * FROM (${from}) AS visible ORDER BY position ${order} LIMIT $3) AS found
    ) AS near WHERE stored_before < $4
  ) AS measured WHERE bytes_before < $4 ORDER BY position ${order}`;
}

/** Whether a page ends with the event whose data makes it as long as it may be. */
export const isFullOf = (events: readonly LoggedEvent[], maxBytes: number): boolean =>
  events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0) >= maxBytes;

async function page(
  sql: Queryable,
  { after, until = NO_BOUND, types = null, limit, maxBytes = NO_BOUND }: LogRange,
  { name, views, values }: { name: string; views: readonly string[]; values: readonly unknown[] },
): Promise<LogPage> {
  const from = partsOf(views, { order: 'asc', columns: STORED, types: '$5', limit: '$3' }, 'position > $1 AND position <= $2');
  const { rows } = await sql.query<{ lookedAt: string | null } & (LoggedEventRow | { id: null })>({
    name,
    text: `
      WITH ${lookedAt(views, { order: 'asc', types: '$5' }, 'position > $1 AND position <= $2')}
      SELECT looked_at.position AS "lookedAt", page.* FROM looked_at LEFT JOIN (${pageOf(from, { order: 'asc', columns: COLUMNS })}) AS page ON true ORDER BY page.position`,
    values: [after, until, limit, maxBytes, likePatterns(types), ...values],
  });
  const events = rows.filter((row): row is { lookedAt: string | null } & LoggedEventRow => row.id !== null);
  return toPage(events, { limit, maxBytes, lookedAt: rows[0]?.lookedAt ?? null });
}

function toPage(
  rows: readonly LoggedEventRow[],
  { limit, maxBytes, lookedAt }: { limit: number; maxBytes: number; lookedAt: string | null },
): LogPage {
  const events = rows.map(toEvent);
  const isFull = events.length === limit || isFullOf(events, maxBytes);
  if (isFull) return { events, next: events.at(-1)?.position ?? null };
  return { events, next: lookedAt === null ? null : Number(lookedAt) };
}

/**
 * Returns an event's position in the log; null when the owner may see no event with this id.
 *
 * @param owner null: all events are visible
 */
export async function findPosition(sql: Queryable, owner: string | null, eventId: string): Promise<number | null> {
  const { rows } = await sql.query<{ position: string }>({
    name: 'find_position',
    text: 'SELECT position FROM events WHERE id = $2 AND (owner IS NULL OR $1::text IS NULL OR owner = $1)',
    values: [owner, eventId],
  });
  return rows[0] ? Number(rows[0].position) : null;
}

/**
 * Returns the newest event up to a position that the owner may see; null when there is none.
 *
 * @param owner null: all events are visible
 */
export async function lastVisibleEvent(sql: Queryable, owner: string | null, until: number): Promise<string | null> {
  const newest = (visible: string): string =>
    `(SELECT id, position FROM events WHERE ${visible} AND position <= $1 ORDER BY position DESC LIMIT 1)`;
  const { rows } = await sql.query<{ id: string }>(
    owner === null
      ? { name: 'last_event', text: newest(EVERY), values: [until] }
      : {
          name: 'last_visible_event',
          text: `SELECT id FROM (${ownerViews('$2').map(newest).join(' UNION ALL ')}) AS visible
            ORDER BY position DESC LIMIT 1`,
          values: [until, owner],
        },
  );
  return rows[0]?.id ?? null;
}

/** Returns the newest events, at most `limit`, in the order of the log. */
export async function readNewest(sql: Queryable, limit: number): Promise<Pick<LoggedEvent, 'position' | 'id' | 'owner'>[]> {
  const { rows } = await sql.query<Pick<LoggedEventRow, 'position' | 'id' | 'owner'>>({
    name: 'read_newest',
    text: 'SELECT position, id, owner FROM events ORDER BY position DESC LIMIT $1',
    values: [limit],
  });
  return rows.map(({ position, id, owner }) => ({ position: Number(position), id, owner })).reverse();
}
