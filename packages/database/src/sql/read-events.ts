import type { Queryable } from '../database.js';

/** An event as the log holds it. */
export interface LoggedEvent {
  id: string;
  position: number;
  type: string;
  userId: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  timestamp: string;
  /** The payload, as the exact JSON text that was accepted. */
  data: string;
}

interface Row {
  id: string;
  position: string;
  type: string;
  user_id: string | null;
  timestamp: string;
  data: string;
}

const COLUMNS = `id, position, type, user_id, data::text AS data,
  to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp`;

const toEvent = ({ user_id: userId, position, ...row }: Row): LoggedEvent => ({ ...row, userId, position: Number(position) });

/** Which part of the log. */
export interface LogRange {
  /** Only events after this position. */
  after: number;
  /** Only events up to this position. Default: to the end. */
  until?: number;
  /** Only these types; null, the default: all. */
  types?: readonly string[] | null;
  limit: number;
  /** A page ends with the event that makes it so long, in bytes of data: events may be large. Default: no bound. */
  maxBytes?: number;
}

export interface LogPage {
  events: LoggedEvent[];
  /** Whether the range has no more, as of when it was read. */
  complete: boolean;
}

/** Everybody's events, in the one order of the log. */
export async function readEvents(sql: Queryable, range: LogRange): Promise<LogPage> {
  return page(sql, range, {
    name: 'read_events',
    from: `SELECT ${COLUMNS} FROM events WHERE ${IN_RANGE} ORDER BY events.position LIMIT $4`,
    values: [],
  });
}

/**
 * The log as one user sees it: what is for everyone and what is theirs. Two ordered index scans, merged; neither ever
 * touches another user's rows.
 */
export async function readUserEvents(sql: Queryable, userId: string, range: LogRange): Promise<LogPage> {
  return page(sql, range, {
    name: 'read_user_events',
    from: `(SELECT ${COLUMNS} FROM events WHERE user_id = $6 AND ${IN_RANGE} ORDER BY events.position LIMIT $4)
      UNION ALL
      (SELECT ${COLUMNS} FROM events WHERE user_id IS NULL AND ${IN_RANGE} ORDER BY events.position LIMIT $4)`,
    values: [userId],
  });
}

const IN_RANGE = 'position > $1 AND position <= $2 AND ($3::text[] IS NULL OR type = ANY($3))';
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

async function page(
  sql: Queryable,
  { after, until = UNBOUNDED, types = null, limit, maxBytes = UNBOUNDED }: LogRange,
  { name, from, values }: { name: string; from: string; values: readonly unknown[] },
): Promise<LogPage> {
  const { rows } = await sql.query<Row>({
    name,
    text: `
      SELECT id, position, type, user_id, data, timestamp FROM (
        SELECT found.*, sum(octet_length(data)) OVER (ORDER BY position) - octet_length(data) AS bytes_before
        FROM (SELECT * FROM (${from}) AS visible ORDER BY position LIMIT $4) AS found
      ) AS measured WHERE bytes_before < $5 ORDER BY position`,
    values: [after, until, types, limit, maxBytes, ...values],
  });
  const events = rows.map(toEvent);
  const bytes = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
  return { events, complete: events.length < limit && bytes < maxBytes };
}

/**
 * Where in the log an event stands, or null when there is none with this id that the user may see.
 *
 * @param userId null: whoever may see everything
 */
export async function findPosition(sql: Queryable, userId: string | null, eventId: string): Promise<number | null> {
  const { rows } = await sql.query<{ position: string }>({
    name: 'find_position',
    text: 'SELECT position FROM events WHERE id = $2 AND (user_id IS NULL OR $1::text IS NULL OR user_id = $1)',
    values: [userId, eventId],
  });
  return rows[0] ? Number(rows[0].position) : null;
}

/**
 * The newest event up to a position that the user may see, or null when there is none.
 *
 * @param userId null: whoever may see everything
 */
export async function lastVisibleEvent(sql: Queryable, userId: string | null, until: number): Promise<string | null> {
  const newest = (visible: string): string =>
    `(SELECT id, position FROM events WHERE ${visible} position <= $1 ORDER BY position DESC LIMIT 1)`;
  const { rows } = await sql.query<{ id: string }>(
    userId === null
      ? { name: 'last_event', text: newest(''), values: [until] }
      : {
          name: 'last_visible_event',
          text: `SELECT id FROM (${newest('user_id = $2 AND')} UNION ALL ${newest('user_id IS NULL AND')}) AS visible
            ORDER BY position DESC LIMIT 1`,
          values: [until, userId],
        },
  );
  return rows[0]?.id ?? null;
}

/** The position of the newest event; 0 when the log is empty. */
export async function lastPosition(sql: Queryable): Promise<number> {
  const { rows } = await sql.query<{ position: string | null }>({
    name: 'last_position',
    text: 'SELECT max(position) AS position FROM events',
  });
  return Number(rows[0]?.position ?? 0);
}
